// The same work as atg-queue's, by asynq.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hibiken/asynq"
)

func number(i int) int {
	n, err := strconv.Atoi(os.Args[i])
	if err != nil {
		panic(err)
	}
	return n
}

func main() {
	address, jobs, atOnce, slots, rounds := os.Args[1], number(2), number(3), number(4), number(5)
	redis := asynq.RedisClientOpt{Addr: address, PoolSize: 64}
	for round := 1; round <= rounds; round++ {
		queue := fmt.Sprintf("asynq-%d-%d", os.Getpid(), round)
		client := asynq.NewClient(redis)
		begun := time.Now()
		var next atomic.Int64
		var group sync.WaitGroup
		for i := 0; i < atOnce; i++ {
			group.Add(1)
			go func() {
				defer group.Done()
				for {
					n := next.Add(1)
					if n > int64(jobs) {
						return
					}
					payload := []byte(fmt.Sprintf(`{"owner":"owner-%d"}`, n%10))
					if _, err := client.Enqueue(asynq.NewTask("nothing", payload), asynq.Queue(queue)); err != nil {
						panic(err)
					}
				}
			}()
		}
		group.Wait()
		added := time.Since(begun).Seconds()
		client.Close()
		var done atomic.Int64
		all := make(chan struct{})
		server := asynq.NewServer(redis, asynq.Config{
			Concurrency: slots, Queues: map[string]int{queue: 1}, LogLevel: asynq.FatalLevel,
		})
		begun = time.Now()
		err := server.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error {
			if done.Add(1) == int64(jobs) {
				close(all)
			}
			return nil
		}))
		if err != nil {
			panic(err)
		}
		<-all
		processed := time.Since(begun).Seconds()
		server.Shutdown()
		fmt.Printf("asynq\t%.0f\tsubmissions/s\t%.0f\tprocessed/s\n", float64(jobs)/added, float64(jobs)/processed)
	}
}
