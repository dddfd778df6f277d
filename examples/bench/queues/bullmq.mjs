// The same work as atg-queue's, by BullMQ: jobs are added, many at a time, and then a worker does nothing for each.
import { Queue, Worker } from 'bullmq';

const [url, jobs, atOnce, slots, rounds] = [process.argv[2], ...process.argv.slice(3).map(Number)];
const { hostname: host, port } = new URL(url);
const connection = { host, port: Number(port), maxRetriesPerRequest: null };

for (let round = 1; round <= rounds; round++) {
  const name = `bullmq-${process.pid}-${round}`;
  const queue = new Queue(name, { connection });
  await queue.waitUntilReady();
  let begun = process.hrtime.bigint();
  let next = 0;
  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (next < jobs) {
      next++;
      await queue.add('nothing', { owner: `owner-${next % 10}` });
    }
  }));
  const added = Number(process.hrtime.bigint() - begun) / 1e9;
  begun = process.hrtime.bigint();
  const processed = await new Promise((resolve) => {
    let done = 0;
    const worker = new Worker(name, async () => {}, { connection, concurrency: slots });
    worker.on('completed', async () => {
      if (++done === jobs) {
        const time = Number(process.hrtime.bigint() - begun) / 1e9;
        await worker.close();
        resolve(time);
      }
    });
  });
  await queue.close();
  console.log(`BullMQ\t${Math.round(jobs / added)}\tsubmissions/s\t${Math.round(jobs / processed)}\tprocessed/s`);
}
process.exit(0);
