//! One file an operation: `async fn run(parameters, &Context) -> Result<Ended>`.
