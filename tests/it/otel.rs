//! Traces: a request joins its caller's trace and reaches the collector.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::sync_channel;

use crate::support::program::Service;
use crate::support::{PATIENCE, client};

#[tokio::test]
async fn a_request_is_exported_as_a_part_of_its_callers_trace() {
    const TRACE: [u8; 16] =
        [0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6, 0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36];
    // A collector that takes everything and shows it.
    let collector = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", collector.local_addr().unwrap());
    let (send, receive) = sync_channel(16);
    std::thread::spawn(move || {
        for connection in collector.incoming().flatten() {
            let (mut connection, send) = (connection, send.clone());
            std::thread::spawn(move || {
                let mut taken = Vec::new();
                let mut chunk = [0; 4096];
                while let Ok(read) = connection.read(&mut chunk) {
                    if read == 0 {
                        break;
                    }
                    taken.extend_from_slice(&chunk[..read]);
                    let has = |wanted: &[u8]| taken.windows(wanted.len()).any(|window| window == wanted);
                    if has(&TRACE) && has(b"POST /v1/traces") {
                        connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").ok();
                        send.send(()).ok();
                        break;
                    }
                }
            });
        }
    });
    let settings = [("PESAN_SHUTDOWN_DELAY_MS", "0"), ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)];
    let service = Service::start(&settings).await;
    let request = client()
        .get(format!("{}/health/live", service.url))
        .header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    assert_eq!(request.send().await.unwrap().status(), 200);
    service.stop().await;
    receive.recv_timeout(PATIENCE).expect("the collector gets the trace");
}
