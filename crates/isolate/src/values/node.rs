//! How `DefaultSerializer` of Node writes views: a number for the kind, a length, and the bytes.

/// The kinds by their number. A `Buffer` has number 10.
const KINDS: [&str; 14] = [
    "Int8Array",
    "Uint8Array",
    "Uint8ClampedArray",
    "Int16Array",
    "Uint16Array",
    "Int32Array",
    "Uint32Array",
    "Float32Array",
    "Float64Array",
    "DataView",
    "Uint8Array",
    "BigInt64Array",
    "BigUint64Array",
    "Float16Array",
];

/// Added to the number of a view of shared memory. What follows is where it begins, how long it is, and its buffer.
pub const SHARED: u32 = 256;

/// The number of a kind of view.
pub fn number_of(name: &str) -> u32 {
    KINDS.iter().position(|kind| *kind == name).unwrap_or(1) as u32
}

/// The kind of a number.
pub fn kind_of(number: u32) -> Option<&'static str> {
    KINDS.get(number as usize).copied()
}
