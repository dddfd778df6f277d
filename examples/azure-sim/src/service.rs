//! From a request to what is sent.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use uuid::Uuid;

use crate::{
    action, arm,
    cloud::Part,
    control::{self, Entry},
    faults::{self, Fault},
    imds, keyvault,
    login::{self, Caller},
    msgraph, quota, routing,
    web::{Call, Reply},
    world::World,
};

/// What is sent.
#[derive(Debug)]
pub(crate) enum Sent {
    /// The whole answer.
    Whole(Reply),
    /// Its beginning, and then the end of the connection.
    Cut(Reply, usize),
    /// Nothing but the end of the connection.
    Nothing,
}

/// Answers a request.
pub(crate) async fn answer(world: Arc<World>, call: Call) -> Sent {
    let part = routing::part(&call);
    if part == Part::Control {
        return Sent::Whole(control::answer(&world, &call));
    }
    let begun = Instant::now();
    let fault = world.faults.decide(&call, part);
    if let Some(Fault::Slow { milliseconds }) = fault {
        world
            .config
            .clock
            .sleep(Duration::from_millis(milliseconds))
            .await;
    }
    let call = Arc::new(call);
    let answered = {
        let (world, call, fault) = (Arc::clone(&world), Arc::clone(&call), fault.clone());
        // Answers are computed from data in memory, some of them for seconds: not on a thread that others wait for.
        tokio::task::spawn_blocking(move || respond(&world, &call, part, fault.as_ref())).await
    };
    let (reply, caller) = answered.unwrap_or_else(|_| (Reply::empty(500), None));
    let sent = match fault {
        Some(Fault::Cut) => Sent::Nothing,
        Some(Fault::Truncated) => {
            let half = reply.body.len() / 2;
            Sent::Cut(reply, half)
        }
        _ => Sent::Whole(reply),
    };
    note(&world, &call, part, &sent, fault.as_ref(), caller.as_ref(), begun);
    sent
}

/// Answers one request that stands by itself or in a batch.
pub(crate) fn respond(
    world: &World,
    call: &Call,
    part: Part,
    fault: Option<&Fault>,
) -> (Reply, Option<Caller>) {
    let refusal = fault.and_then(|fault| faults::before(world, call, part, fault));
    let (mut reply, caller) = match refusal {
        Some(reply) => (reply, None),
        None => {
            let (reply, caller) = real(world, call, part);
            let reply = match fault {
                Some(fault) => faults::after(call, fault, reply),
                None => reply,
            };
            (reply, caller)
        }
    };
    dress(world, call, part, &mut reply);
    (reply, caller)
}

/// Answers a request that stands in a batch.
pub(crate) fn inner(world: &World, call: &Call, part: Part) -> Reply {
    let begun = Instant::now();
    // A part of a batch can neither be late nor cut by itself.
    let fault = world.faults.decide(call, part).filter(|fault| {
        !matches!(
            fault,
            Fault::Slow { .. } | Fault::Cut | Fault::Truncated | Fault::InvalidJson
        )
    });
    let (reply, caller) = respond(world, call, part, fault.as_ref());
    let sent = Sent::Whole(reply.clone());
    note(world, call, part, &sent, fault.as_ref(), caller.as_ref(), begun);
    reply
}

fn real(world: &World, call: &Call, part: Part) -> (Reply, Option<Caller>) {
    match part {
        Part::Login => return (login::answer(world, call), None),
        Part::Imds => return (imds::answer(world, call), None),
        Part::Arm if arm::is_open(call) => return (arm::open(world, call), None),
        _ => {}
    }
    let caller = match login::authenticate(world, call, part) {
        Ok(caller) => caller,
        Err(refusal) => return (refusal, None),
    };
    let headers = match quota::charge(world, call, part, &caller) {
        Ok(headers) => headers,
        Err(refusal) => return (refusal, Some(caller)),
    };
    let answered = match part {
        Part::Arm => arm::answer(world, call, &caller),
        Part::Graph => msgraph::answer(world, call, &caller),
        Part::Vault => keyvault::answer(world, call, &caller),
        Part::Login | Part::Imds | Part::Control => Ok(Reply::empty(404)),
    };
    let mut reply = answered.unwrap_or_else(|refusal| refusal);
    for (name, value) in headers {
        reply.set(name, value);
    }
    (reply, Some(caller))
}

/// The headers that every answer of that part has.
fn dress(world: &World, call: &Call, part: Part, reply: &mut Reply) {
    let id = Uuid::new_v4().to_string();
    match part {
        Part::Arm => {
            let correlation = call
                .header("x-ms-correlation-request-id")
                .map_or_else(|| id.clone(), str::to_owned);
            reply.set("x-ms-request-id", id.clone());
            let stamp = world.now().strftime("%Y%m%dT%H%M%SZ").to_string();
            reply.set("x-ms-routing-request-id", format!("AZURESIM:{stamp}:{id}"));
            reply.set("x-ms-correlation-request-id", correlation);
            reply.set("cache-control", "no-cache");
            reply.set("pragma", "no-cache");
            reply.set("expires", "-1");
        }
        Part::Graph => {
            if reply.header("request-id").is_none() {
                reply.set("request-id", id);
            }
            if let Some(request) = call.header("client-request-id") {
                reply.set("client-request-id", request);
            }
            reply.set("cache-control", "no-cache");
        }
        _ => reply.set("x-ms-request-id", id),
    }
    if call.origin.starts_with("https") {
        reply.set("strict-transport-security", "max-age=31536000; includeSubDomains");
    }
    reply.set("x-content-type-options", "nosniff");
    let date = world.now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    reply.set("date", date);
}

fn note(
    world: &World,
    call: &Call,
    part: Part,
    sent: &Sent,
    fault: Option<&Fault>,
    caller: Option<&Caller>,
    begun: Instant,
) {
    let (status, bytes) = match sent {
        Sent::Whole(reply) => (reply.status, reply.body.len()),
        Sent::Cut(reply, length) => (reply.status, *length),
        Sent::Nothing => (0, 0),
    };
    world.log.add(Entry {
        number: 0,
        at: world.now().to_string(),
        service: faults::service(call, part).to_owned(),
        method: call.method.to_string(),
        target: call.target(),
        client: caller.map(|caller| caller.principal.client_id.clone()),
        action: action::of(call, part),
        status,
        fault: fault.map(|fault| format!("{fault:?}")),
        bytes: bytes as u64,
        microseconds: u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX),
    });
}
