//! From a request to what is sent.

use std::sync::Arc;

use uuid::Uuid;

use crate::{
    arm,
    cloud::Part,
    login, routing,
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
    // Answers are computed from data in memory, some of them for seconds: not on a thread that others wait for.
    let reply = tokio::task::spawn_blocking(move || respond(&world, &call)).await;
    Sent::Whole(reply.unwrap_or_else(|_| Reply::empty(500)))
}

fn respond(world: &World, call: &Call) -> Reply {
    let part = routing::part(call);
    let mut reply = match part {
        Part::Login => login::answer(world, call),
        Part::Arm => arm::answer(world, call),
        _ => Reply::empty(404),
    };
    dress(world, call, part, &mut reply);
    reply
}

/// The headers that every answer of that part has.
fn dress(world: &World, call: &Call, part: Part, reply: &mut Reply) {
    let request = call
        .header("x-ms-client-request-id")
        .or_else(|| call.header("client-request-id"));
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
                reply.set("request-id", id.clone());
            }
            if let Some(request) = request {
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
}
