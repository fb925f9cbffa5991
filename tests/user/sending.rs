//! The commands of a user.

use isolated_workers::protocol::exchange::{CallId, Timeout};
use isolated_workers::protocol::transactions::Slot;

use super::{Driver, Received};

pub fn append(bytes: &[u8]) -> Option<impl FnOnce(&mut Vec<u8>)> {
    Some(move |out: &mut Vec<u8>| out.extend_from_slice(bytes))
}

pub fn request(driver: &Driver, name: &str, payload: &[u8]) -> Slot {
    request_within(driver, name, payload, Timeout::Configured)
}

pub fn request_within(driver: &Driver, name: &str, payload: &[u8], timeout: Timeout) -> Slot {
    let (id, now) = (uuid::Uuid::new_v4().as_u128(), driver.now());
    let mut connection = driver.channel().connection.borrow_mut();
    let slot = connection.exchange.request(name, append(payload), timeout, id, now).expect("a request");
    drop(connection);
    driver.schedule_write();
    slot
}

pub fn notify(driver: &Driver, name: &str, payload: &[u8]) {
    driver.channel().connection.borrow_mut().exchange.notify(name, append(payload)).expect("a notification");
    driver.schedule_write();
}

pub fn respond(driver: &Driver, call: CallId, payload: &[u8]) {
    driver.channel().connection.borrow_mut().exchange.respond(call, append(payload)).expect("an answer");
    driver.schedule_write();
}

/// Answers each request with its own payload.
pub fn echo(driver: &Driver) {
    driver.user().handle(|driver, received| {
        if let Received::Request(call, payload) = received {
            respond(driver, *call, payload);
        }
    });
}
