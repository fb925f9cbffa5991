//! Numbered places for values. A vacated number stays unused until it is recycled.

/// Above this many places the table releases its memory once all of them are free.
const KEPT: usize = 4096;

#[derive(Debug)]
pub(super) struct Slots<T> {
    places: Vec<Option<T>>,
    /// Available numbers, the last one first: it is most likely in the cache.
    free: Vec<u32>,
    /// Numbers that must wait.
    vacated: Vec<u32>,
}

impl<T> Slots<T> {
    pub fn new() -> Self {
        Self { places: Vec::new(), free: Vec::new(), vacated: Vec::new() }
    }

    pub fn len(&self) -> usize {
        self.places.len() - self.free.len() - self.vacated.len()
    }

    /// # Panics
    /// All 2^32 - 1 numbers are taken.
    pub fn insert(&mut self, value: T) -> u32 {
        if let Some(slot) = self.free.pop() {
            self.places[slot as usize] = Some(value);
            return slot;
        }
        let slot = u32::try_from(self.places.len()).ok().filter(|slot| *slot != u32::MAX);
        self.places.push(Some(value));
        slot.expect("more than 2^32 - 1 transactions in flight")
    }

    pub fn get(&self, slot: u32) -> Option<&T> {
        self.places.get(slot as usize)?.as_ref()
    }

    pub fn get_mut(&mut self, slot: u32) -> Option<&mut T> {
        self.places.get_mut(slot as usize)?.as_mut()
    }

    pub fn remove(&mut self, slot: u32) -> Option<T> {
        let value = self.places.get_mut(slot as usize)?.take()?;
        self.vacated.push(slot);
        Some(value)
    }

    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        (0..).zip(&self.places).filter_map(|(slot, place)| Some((slot, place.as_ref()?)))
    }

    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.places.iter_mut().flatten()
    }

    /// Makes vacated numbers available again. Returns whether memory was released.
    pub fn recycle(&mut self) -> bool {
        self.free.append(&mut self.vacated);
        let shrinks = self.places.len() > KEPT && self.len() == 0;
        if shrinks {
            *self = Self::new();
        }
        shrinks
    }
}
