//! Memory that isolates share with each other and with their host.

mod block;

mod futex;

mod table;

mod waiting;

pub use block::{SharedMemory, WeakMemory, live};
pub use table::{Table, table_of};
pub use waiting::{Parking, Wait, Word, notify, wait};

/// Wakes those who wait for the word of 32 bits at this address: isolates first, then threads of any process that wait by the system.
/// Returns how many.
pub fn notify_all_kinds(address: usize, most: u32) -> u32 {
    let woken = u32::try_from(notify(address, most as usize)).unwrap_or(most);
    let left = most.saturating_sub(woken);
    if left == 0 { woken } else { woken + futex::wake(address, left) }
}
