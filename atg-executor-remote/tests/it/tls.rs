//! Services whose certificate no system knows.

use std::{fs, sync::Arc};

use atg_executor_remote::{RemoteExecutor, RemoteOptions};
use atg_sdk::{
    ErrorKind, Executor as _, ExecutorExt as _, JobRequest, Operation, Owner, model::operations::rehearsal,
};
use atg_server::http::{TlsFiles, load_tls};

use super::service::{Service, Setup, local};

#[tokio::test(flavor = "multi_thread")]
async fn an_own_authority_is_trusted_when_it_is_named_and_http_2_is_spoken() {
    let home = tempfile::tempdir().unwrap();
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let files = TlsFiles {
        certificate: home.path().join("certificate.pem"),
        key: home.path().join("key.pem"),
    };
    fs::write(&files.certificate, certified.cert.pem()).unwrap();
    fs::write(&files.key, certified.signing_key.serialize_pem()).unwrap();
    let mut tls = (*load_tls(&files).unwrap()).clone();
    // Only HTTP/2 is offered, so an answer proves that it is spoken.
    tls.alpn_protocols = vec![b"h2".to_vec()];
    let setup = Setup {
        tls: Some(Arc::new(tls)),
        ..Setup::default()
    };
    let service = Service::start(local(home.path(), 1), &[Owner::default()], setup).await;
    let options = || {
        RemoteOptions::new(
            format!("https://localhost:{}", service.address.port()),
            service.key(&Owner::default()),
        )
    };
    let error = RemoteExecutor::new(options())
        .unwrap()
        .health()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.message().contains("SSL_CERT_FILE"), "{error:?}");

    let trusting = RemoteExecutor::new(options().with_extra_ca(certified.cert.pem().into_bytes())).unwrap();
    let request = JobRequest::new(Operation::Rehearsal(rehearsal::Parameters::default()));
    trusting.run(request).await.unwrap();

    for nonsense in ["", "no certificate"] {
        let error = RemoteExecutor::new(options().with_extra_ca(nonsense.into())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error:?}");
    }
}
