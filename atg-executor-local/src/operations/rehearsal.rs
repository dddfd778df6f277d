//! `rehearsal`: does what its script says, so that executors can be compared without Azure.

use std::io::{Read as _, Write as _};

use atg_sdk::{
    Completeness, Counters, Error, ErrorKind, Output, Result,
    model::{
        InputDigest,
        operations::rehearsal::{self, Parameters, Step},
    },
};

use crate::context::{Context, Ended};

pub(crate) async fn run(parameters: Parameters, context: &Context) -> Result<Ended> {
    if let Some(digest) = &parameters.input {
        copy_input(digest, context).await?;
    }
    let mut output = rehearsal::Output {
        steps: 0,
        success: true,
    };
    for step in parameters.steps {
        match step {
            Step::Progress { progress, step } => context.progress(progress, &step, Counters::default()),
            Step::Warn { message } => context.warn(message),
            Step::Artifact { name, text, repeat } => write_artifact(context, name, text, repeat).await?,
            Step::Fail { kind, message } => return Err(Error::new(kind_of(&kind)?, message)),
            Step::FailUntil { attempt, kind } => {
                let now = context.attempt();
                if now < attempt {
                    return Err(Error::new(
                        kind_of(&kind)?,
                        format!("get past attempt {now}: the script says so"),
                    ));
                }
            }
            Step::Hang => {
                context.cancel().cancelled().await;
                return Err(Error::cancelled());
            }
            Step::Panic => panic!("the script says so"),
            Step::Partial => output.success = false,
        }
        output.steps += 1;
        context.check_cancelled()?;
    }
    Ok(Ended {
        completeness: if output.success {
            Completeness::Complete
        } else {
            Completeness::Partial
        },
        output: Output::Rehearsal(output),
    })
}

fn kind_of(name: &str) -> Result<ErrorKind> {
    ErrorKind::from_name(name).ok_or_else(|| {
        Error::invalid(format!(
            "`{}` is not the name of a kind of error",
            name.escape_debug()
        ))
    })
}

async fn copy_input(digest: &InputDigest, context: &Context) -> Result<()> {
    let input = context.input(digest).await?;
    let out = context.artifact("input", "application/octet-stream").await?;
    blocking(move || {
        let (mut input, mut out) = (input.open()?, out);
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let count = input.read(&mut buffer).map_err(failed)?;
            if count == 0 {
                break;
            }
            out.write_all(&buffer[..count]).map_err(failed)?;
        }
        out.finish_blocking()
    })
    .await
}

async fn write_artifact(context: &Context, name: String, text: String, repeat: u64) -> Result<()> {
    let mut out = context.artifact(&name, "text/plain; charset=utf-8").await?;
    blocking(move || {
        for _ in 0..repeat {
            out.write_all(text.as_bytes()).map_err(failed)?;
        }
        out.finish_blocking()
    })
    .await
}

async fn blocking(work: impl FnOnce() -> Result<()> + Send + 'static) -> Result<()> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::internal("copy bytes").with_source(error))?
}

/// An input that changed says so itself; anything else is the disk.
fn failed(error: std::io::Error) -> Error {
    match error.downcast::<Error>() {
        Ok(error) => error,
        Err(error) => Error::internal("copy bytes").with_source(error),
    }
}
