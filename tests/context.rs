//! A context that goes with requests and notifications.

mod pair;

use isolated_workers::protocol::connection::Connection;
use isolated_workers::protocol::event::Event;
use isolated_workers::protocol::exchange::Config;
use pair::{NOW, append, config, connected, none, pass, request};

const CONTEXT: &str = r#"{"traceparent":"00-\"é"}"#;

fn give_context(connection: &mut Connection) {
    connection.exchange.set_context(Some(CONTEXT.to_owned()));
}

fn bytes(connection: &Connection, event: &Event) -> String {
    let Event::Context { payload } = event else { panic!("not a context: {event:?}") };
    String::from_utf8(connection.bytes(payload.range.clone()).to_vec()).unwrap()
}

#[test]
fn it_comes_in_front_of_what_it_goes_with() {
    for terminator in [Some("\n"), None] {
        let (mut host, mut worker) = connected(terminator);
        give_context(&mut host);
        request(&mut host, "echo", b"1", 1);
        host.exchange.notify("load", append(b"2")).unwrap();
        host.exchange.set_context(None);
        host.exchange.notify("load", none()).unwrap();
        let events: Vec<Event> = pass(&mut host, &mut worker, usize::MAX).into_iter().map(|(event, _)| event).collect();
        let [first, Event::Request { .. }, second, Event::Notification { .. }, Event::Notification { .. }] =
            &events[..]
        else {
            panic!("{events:?}")
        };
        assert_eq!([bytes(&worker, first), bytes(&worker, second)], [CONTEXT, CONTEXT]);

        give_context(&mut worker);
        request(&mut worker, "lookup", b"3", 2);
        let events = pass(&mut worker, &mut host, 3);
        assert!(matches!(events[..], [(Event::Context { .. }, _), (Event::Request { .. }, _)]), "{events:?}");
    }
}

#[test]
fn a_peer_that_does_not_name_it_gets_none() {
    let mut host = Connection::host(&config(None), None, [], NOW).unwrap();
    let mut worker = Connection::worker();
    worker.serve(&Config { context: false, ..config(None) }, ["echo"], NOW, &mut Vec::new()).unwrap();
    pass(&mut host, &mut worker, usize::MAX);
    pass(&mut worker, &mut host, usize::MAX);
    give_context(&mut host);
    request(&mut host, "echo", b"1", 1);
    let events = pass(&mut host, &mut worker, usize::MAX);
    assert!(matches!(events[..], [(Event::Request { .. }, _)]), "{events:?}");
}

#[test]
fn one_over_the_limit_is_left_out() {
    let (mut host, mut worker) = connected(None);
    host.exchange.set_context(Some(format!(r#"{{"a":"{}"}}"#, "b".repeat(0xffff))));
    request(&mut host, "echo", b"1", 1);
    let events = pass(&mut host, &mut worker, usize::MAX);
    assert!(matches!(events[..], [(Event::Request { .. }, _)]), "{events:?}");
}
