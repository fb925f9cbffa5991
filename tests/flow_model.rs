//! Random programs of two sides with random bounds, on the real core without I/O: as long as handlers return, each request
//! settles, and each notification is handled.
//!
//! A program is a number of requests and notifications of both sides. Handlers of one side may call the other back, and those of
//! both stream chunks, read input and post notifications. Messages move through two pipes of bounded size.

mod model;
mod random;

use isolated_workers::protocol::connection::Connection;
use isolated_workers::protocol::exchange::Config;
use isolated_workers::protocol::grants::Amount;
use isolated_workers::protocol::timeouts::Timeouts;
use model::{Act, NOW, Side};
use random::{Rng, fuzz};

/// Moves up to `most` bytes out of one side into the other's pipe.
fn write(from: &mut Side, to: &mut Side, most: usize) -> bool {
    let output = from.connection.output();
    let count = output.len().min(most).min(to.pipe_size.saturating_sub(to.pipe.len()));
    to.pipe.extend(&output[..count]);
    from.connection.written(count);
    count > 0
}

/// One thing that may happen; tells whether it did.
fn step(rng: &mut Rng, sides: &mut [Side; 2], what: usize, which: usize, most: usize) -> bool {
    let [first, second] = sides;
    let (side, other) = if which == 0 { (first, second) } else { (second, first) };
    match what {
        0 => write(side, other, most),
        1 => side.read(rng, most),
        2 => side.begin(),
        3 => {
            let index = rng.below(side.running.len().max(1));
            side.run(rng, index)
        }
        4 => side.write_input(),
        5 => {
            let half = side.bound / 2;
            side.send_backlog(half)
        }
        _ => side.start(rng),
    }
}

fn program(rng: &mut Rng) {
    let window = Amount { messages: 1 + rng.size(20) as u64, bytes: 1 + rng.size(2000) as u64 };
    let config = Config {
        serializer: "json".to_owned(),
        terminator: (rng.below(2) == 0).then(|| "\n".to_owned()),
        limit: 1 << 16,
        timeouts: Timeouts::default(),
        context: false,
        shared_memory: false,
        shared_buffers: false,
        window,
        max_calls: 1,
        max_pending_bytes: 1 << 20,
    };
    let mut host = Connection::host(&config, None, ["do"], NOW).unwrap();
    let mut worker = Connection::worker();
    worker.serve(&config, ["do"], NOW, &mut Vec::new()).unwrap();
    host.exchange.set_context(None);
    // Only one side calls back, and only that side has limits which the other's calls would have to wait for: where both
    // do, the program itself makes a circle.
    let calls_back = rng.below(2);
    let all = vec![Act::Call, Act::Post, Act::Chunk];
    let plain = vec![Act::Post, Act::Chunk];
    let acts = |side: usize| if side == calls_back { all.clone() } else { plain.clone() };
    let concurrency = |rng: &mut Rng| if rng.below(2) == 0 { 1 + rng.size(4) } else { usize::MAX };
    let (host_limit, worker_limit) = (concurrency(rng), concurrency(rng));
    let mut sides = [Side::new(rng, host, acts(0), host_limit), Side::new(rng, worker, acts(1), worker_limit)];
    for side in &mut sides {
        side.to_send = rng.size(30);
        side.to_post = rng.size(30);
    }
    // Nothing is sent by a worker before it knows its host.
    while !sides[1].connection.is_ready() {
        let [host, worker] = &mut sides;
        write(host, worker, 100);
        worker.read(rng, 100);
    }
    let cancels = rng.below(3) == 0;
    for _ in 0..rng.size(300) {
        let (what, which, most) = (rng.below(7), rng.below(2), 1 + rng.size(500));
        step(rng, &mut sides, what, which, most);
        if cancels && rng.below(20) == 0 {
            sides[which].cancel(rng);
        }
    }
    // Then everything goes on until nothing can.
    loop {
        let mut did = false;
        for which in 0..2 {
            for what in [1, 2, 4, 5, 6] {
                while step(rng, &mut sides, what, which, usize::MAX) {
                    did = true;
                }
            }
            while step(rng, &mut sides, 0, which, usize::MAX) {
                did = true;
                step(rng, &mut sides, 1, 1 - which, usize::MAX);
            }
            for index in (0..sides[which].running.len()).rev() {
                did |= sides[which].run(rng, index);
            }
        }
        if !did {
            break;
        }
    }
    let [host, worker] = &sides;
    for (side, other, name) in [(host, worker, "host"), (worker, host, "worker")] {
        assert_eq!(side.requests.len(), 0, "requests of the {name} that never settle");
        assert_eq!((side.settled, side.to_send, side.to_post), (side.begun, 0, 0), "what the {name} sends");
        assert_eq!(side.posted, other.handled, "notifications of the {name}");
        assert_eq!((side.running.len(), side.waiting.len()), (0, 0), "handlers of the {name}");
        assert_eq!((side.connection.pending_bytes(), side.connection.exchange.calls()), (0, 0), "left in the {name}");
    }
}

#[test]
fn as_long_as_handlers_return_each_request_settles() {
    fuzz("programs of two sides", program);
}
