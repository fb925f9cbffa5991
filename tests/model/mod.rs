//! One side of a connection with what the library does around the core, as plainly as possible: a limit of handlers at once,
//! messages that wait for their turn, output that is full.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use isolated_workers::protocol::connection::Connection;
use isolated_workers::protocol::event::Event;
use isolated_workers::protocol::exchange::{CallId, Timeout};
use isolated_workers::protocol::message::Kind;
use isolated_workers::protocol::transaction_id::TransactionId;
use isolated_workers::protocol::transactions::Slot;

use crate::random::Rng;

pub const NOW: Duration = Duration::ZERO;

/// What a handler is still to do before it returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Asks the other side, and goes on when that has answered.
    Call,
    /// Tells the other side something.
    Post,
    /// Sends a chunk.
    Chunk,
}

/// A message whose handler has not begun, or has not returned.
#[derive(Debug)]
pub struct Job {
    /// `None`: a notification.
    pub call: Option<CallId>,
    pub size: usize,
    pub acts: VecDeque<Act>,
    /// It awaits this request of its own side.
    pub awaits: Option<Slot>,
    /// Units of chunks it may send.
    pub balance: i64,
    /// It reads input, which has not ended.
    pub reads: bool,
    pub is_cancelled: bool,
}

/// A request of this side, until it settles.
#[derive(Debug)]
pub struct Request {
    pub payload: Vec<u8>,
    pub is_sent: bool,
    /// Chunks of input that are still to be sent, and the units for that.
    pub input: usize,
    pub input_balance: i64,
    pub has_ended_input: bool,
}

pub struct Side {
    pub connection: Connection,
    /// What is on its way to this side, and how much may be.
    pub pipe: VecDeque<u8>,
    pub pipe_size: usize,
    /// The most handlers at once, and the most bytes that may wait.
    pub concurrency: usize,
    pub bound: usize,
    pub running: Vec<Job>,
    pub waiting: VecDeque<Job>,
    /// Full output lets no handler begin.
    pub is_held: bool,
    pub requests: BTreeMap<Slot, Request>,
    /// Those that wait for room, in their order.
    pub backlog: VecDeque<Slot>,
    /// What handlers of this side may do.
    pub acts: Vec<Act>,
    /// So many requests and notifications are still to be sent by the program itself.
    pub to_send: usize,
    pub to_post: usize,
    pub next_id: u128,
    pub posted: usize,
    pub handled: usize,
    pub settled: usize,
    pub begun: usize,
}

impl Side {
    pub fn new(rng: &mut Rng, connection: Connection, acts: Vec<Act>, concurrency: usize) -> Self {
        Self {
            connection,
            pipe: VecDeque::new(),
            pipe_size: 30 + rng.size(2000),
            concurrency,
            bound: 1 + rng.size(3000),
            running: Vec::new(),
            waiting: VecDeque::new(),
            is_held: false,
            requests: BTreeMap::new(),
            backlog: VecDeque::new(),
            acts,
            to_send: 0,
            to_post: 0,
            next_id: 1,
            posted: 0,
            handled: 0,
            settled: 0,
            begun: 0,
        }
    }

    pub fn payload(rng: &mut Rng) -> Vec<u8> {
        let size = rng.size(300);
        vec![b'7'; 1 + size]
    }

    pub fn has_capacity(&self, size: usize) -> bool {
        let pending = self.connection.pending_bytes();
        pending == 0 || pending + size <= self.bound
    }

    /// Sends a request, or lets it wait for room.
    pub fn ask(&mut self, rng: &mut Rng) -> Slot {
        let kinds = [Kind::Request, Kind::Request, Kind::Stream, Kind::Upload, Kind::Duplex];
        let kind = *rng.pick(&kinds);
        let id = TransactionId::Uuid(self.next_id);
        self.next_id += 1;
        let slot = self.connection.exchange.reserve("do", id, Timeout::PerCall(None), kind, NOW).unwrap();
        let input = if matches!(kind, Kind::Upload | Kind::Duplex) { rng.size(70) } else { 0 };
        let has_ended_input = !matches!(kind, Kind::Upload | Kind::Duplex);
        let payload = Self::payload(rng);
        let request = Request { payload, is_sent: false, input, input_balance: 64, has_ended_input };
        assert!(self.requests.insert(slot, request).is_none());
        self.begun += 1;
        self.backlog.push_back(slot);
        self.send_backlog(usize::MAX);
        slot
    }

    /// Sends what waits for room, as far as there is some; tells whether that was anything.
    pub fn send_backlog(&mut self, bound: usize) -> bool {
        let mut did = false;
        while let Some(slot) = self.backlog.front().copied() {
            let request = &self.requests[&slot];
            if !self.has_capacity(request.payload.len()) || self.connection.pending_bytes() > bound {
                break;
            }
            let payload = request.payload.clone();
            let append = |out: &mut Vec<u8>| out.extend_from_slice(&payload);
            assert!(self.connection.exchange.submit(slot, "do", Some(append)).unwrap());
            self.requests.get_mut(&slot).unwrap().is_sent = true;
            self.backlog.pop_front();
            did = true;
        }
        did
    }

    pub fn post(&mut self, rng: &mut Rng) -> bool {
        let payload = Self::payload(rng);
        if !self.backlog.is_empty() || !self.has_capacity(payload.len()) {
            return false;
        }
        let append = |out: &mut Vec<u8>| out.extend_from_slice(&payload);
        self.connection.exchange.notify("do", Some(append)).unwrap();
        self.posted += 1;
        true
    }

    pub fn report_waiting(&mut self) {
        let bytes = self.waiting.iter().map(|job| job.size).sum::<usize>();
        self.connection.exchange.set_waiting(self.waiting.len() as u64, bytes as u64);
    }

    pub fn take_job(&mut self, rng: &mut Rng, call: Option<CallId>, kind: Kind, size: usize) {
        let mut acts = VecDeque::new();
        for _ in 0..rng.size(6) {
            let act = if self.acts.is_empty() { Act::Chunk } else { *rng.pick(&self.acts) };
            if act != Act::Chunk || matches!(kind, Kind::Stream | Kind::Duplex) {
                acts.push_back(act);
            }
        }
        if call.is_none() {
            acts.clear();
        }
        let reads = matches!(kind, Kind::Upload | Kind::Duplex);
        self.waiting.push_back(Job { call, size, acts, awaits: None, balance: 64, reads, is_cancelled: false });
        self.report_waiting();
    }

    pub fn job_of(&mut self, call: CallId) -> Option<&mut Job> {
        self.running.iter_mut().chain(self.waiting.iter_mut()).find(|job| job.call == Some(call))
    }

    pub fn settle(&mut self, slot: Slot) {
        assert!(self.requests.remove(&slot).is_some(), "each request settles once");
        self.backlog.retain(|waiting| *waiting != slot);
        self.settled += 1;
        for job in &mut self.running {
            if job.awaits == Some(slot) {
                job.awaits = None;
            }
        }
    }

    pub fn on_event(&mut self, rng: &mut Rng, event: Event) {
        match event {
            Event::Ready => {}
            Event::Request { call, kind, payload, .. } => {
                self.take_job(rng, Some(call), kind, payload.map_or(0, |payload| payload.range.len()));
            }
            Event::Notification { payload, .. } => {
                self.take_job(rng, None, Kind::Notification, payload.map_or(0, |payload| payload.range.len()));
            }
            Event::Result { slot, .. } | Event::RemoteError { slot, .. } => self.settle(slot),
            Event::Chunk { slot, cost, .. } => self.connection.exchange.credit(slot, cost, NOW),
            Event::Demand { slot, units } => {
                if let Some(request) = self.requests.get_mut(&slot) {
                    request.input_balance += i64::from(units);
                }
            }
            Event::Credit { call, units } => {
                if let Some(job) = self.job_of(call) {
                    job.balance += i64::from(units);
                }
            }
            Event::Input { call, cost, .. } => self.connection.exchange.demand(call, cost),
            Event::InputEnd { call, .. } => {
                if let Some(job) = self.job_of(call) {
                    job.reads = false;
                }
            }
            Event::Cancel { call } => {
                if let Some(job) = self.job_of(call) {
                    job.is_cancelled = true;
                }
            }
            other => panic!("unexpected: {other:?}"),
        }
    }

    /// Reads up to `most` bytes.
    pub fn read(&mut self, rng: &mut Rng, most: usize) -> bool {
        let most = most.min(self.pipe.len());
        if most == 0 {
            return false;
        }
        let spare = self.connection.spare();
        let count = spare.len().min(most);
        for (place, byte) in spare.iter_mut().zip(self.pipe.drain(..count)) {
            *place = byte;
        }
        self.connection.filled(count);
        let mut events = Vec::new();
        self.connection.receive(NOW, &mut events);
        for event in events {
            self.on_event(rng, event);
        }
        self.connection.release();
        true
    }

    /// Lets one handler begin, where it may.
    pub fn begin(&mut self) -> bool {
        let pending = self.connection.output().len();
        self.is_held = if self.is_held { pending > self.bound / 2 } else { pending > self.bound };
        if self.is_held || self.running.len() >= self.concurrency {
            return false;
        }
        let Some(job) = self.waiting.pop_front() else { return false };
        self.report_waiting();
        if job.call.is_none() {
            self.handled += 1;
        }
        self.running.push(job);
        true
    }

    /// Lets a running handler do one thing; tells whether it did.
    pub fn run(&mut self, rng: &mut Rng, index: usize) -> bool {
        let Some(job) = self.running.get(index) else { return false };
        if job.awaits.is_some() && !job.is_cancelled {
            return false;
        }
        let act = if job.is_cancelled { None } else { job.acts.front().copied() };
        match act {
            Some(Act::Call) => {
                self.running[index].acts.pop_front();
                let slot = self.ask(rng);
                // A message that did not have to wait may not have its answer yet either: nothing was read meanwhile.
                self.running[index].awaits = Some(slot);
            }
            Some(Act::Post) => {
                self.running[index].acts.pop_front();
                // Where there is no room it throws, and the handler goes on.
                self.post(rng);
            }
            Some(Act::Chunk) => {
                let pending = self.connection.output().len();
                if job.balance <= 0 || pending > self.bound {
                    return false;
                }
                let (call, payload) = (job.call.unwrap(), Self::payload(rng));
                let append = |out: &mut Vec<u8>| out.extend_from_slice(&payload);
                let cost = self.connection.exchange.chunk(call, Some(append)).unwrap();
                let job = &mut self.running[index];
                job.balance -= i64::from(cost.max(1));
                job.acts.pop_front();
            }
            None if job.reads && !job.is_cancelled => return false,
            None => {
                let job = self.running.swap_remove(index);
                if let Some(call) = job.call {
                    let payload = Self::payload(rng);
                    let append = |out: &mut Vec<u8>| out.extend_from_slice(&payload);
                    self.connection.exchange.respond(call, Some(append)).unwrap();
                }
            }
        }
        true
    }

    /// Sends a chunk of input of some request, or the end of its input.
    pub fn write_input(&mut self) -> bool {
        let pending = self.connection.output().len();
        if pending > self.bound {
            return false;
        }
        for (slot, request) in &mut self.requests {
            if !request.is_sent || request.has_ended_input || request.input_balance <= 0 {
                continue;
            }
            if request.input == 0 {
                request.has_ended_input = true;
                self.connection.exchange.end_input(*slot, None);
            } else {
                request.input -= 1;
                let append = |out: &mut Vec<u8>| out.extend_from_slice(b"1");
                let cost = self.connection.exchange.input(*slot, Some(append), NOW).unwrap();
                request.input_balance -= i64::from(cost);
            }
            return true;
        }
        false
    }

    /// Nobody waits for some request any more.
    pub fn cancel(&mut self, rng: &mut Rng) {
        let nth = rng.below(self.requests.len().max(1));
        let Some(slot) = self.requests.keys().nth(nth).copied() else { return };
        if self.requests[&slot].is_sent {
            assert!(self.connection.exchange.abort(slot));
        } else {
            assert!(self.connection.exchange.cancel(slot));
        }
        self.settle(slot);
    }

    pub fn start(&mut self, rng: &mut Rng) -> bool {
        if self.to_send > 0 {
            self.to_send -= 1;
            self.ask(rng);
            return true;
        }
        if self.to_post > 0 && self.post(rng) {
            self.to_post -= 1;
            return true;
        }
        false
    }
}
