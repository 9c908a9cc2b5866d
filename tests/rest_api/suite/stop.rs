//! After SIGTERM, the service finishes the requests in flight.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use super::start;

#[test]
fn a_request_in_flight_is_finished_before_the_service_stops() {
    let Some(mut service) = start() else { return };
    let (id, cookie, listen) =
        (service.id("client").to_owned(), service.cookie().to_owned(), service.listen().to_owned());
    // This connection stays idle and must not delay the shutdown.
    let idle = TcpStream::connect(&listen).unwrap();
    let body = json!({ "city": "Valencia" }).to_string();
    let mut flight = TcpStream::connect(&listen).unwrap();
    write!(
        flight,
        "PUT /api/clients/{id} HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    )
    .unwrap();
    // With `100 Continue`, the service confirms that it is waiting for the body.
    let mut answer = BufReader::new(flight.try_clone().unwrap());
    let mut line = String::new();
    answer.read_line(&mut line).unwrap();
    assert_eq!(line, "HTTP/1.1 100 Continue\r\n");
    let killed = Command::new("kill").args(["-TERM", &service.child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    // Wait until the service accepts no new connections.
    let asked = Instant::now();
    while TcpStream::connect(&listen).is_ok() {
        assert!(asked.elapsed() < Duration::from_secs(10), "it still listens");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(service.child.try_wait().unwrap().is_none(), "it ended with a request in flight");
    flight.write_all(body.as_bytes()).unwrap();
    let mut rest = String::new();
    answer.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("HTTP/1.1 200 OK") && rest.contains("\"city\":\"Valencia\""), "{rest}");
    let ended = service.child.wait().unwrap();
    assert!(ended.success(), "{ended}");
    assert!(asked.elapsed() < Duration::from_secs(15));
    assert_eq!(service.text(&format!("SELECT city FROM clients WHERE user_id = '{id}'")), "Valencia");
    drop(idle);
}

#[test]
fn a_restart_keeps_the_data() {
    let Some(service) = start() else { return };
    let path = format!("/api/clients/{}", service.id("client"));
    assert_eq!(service.send(&service.staff("DELETE", &path)).status, 200);
    let mut again = service.again();
    assert_eq!(again.send(&again.staff("GET", &path)).status, 404);
    assert_eq!(again.send(&again.staff("GET", "/api/clients")).status, 200);
    again.child.kill().unwrap();
}
