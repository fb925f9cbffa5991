//! The names of message types, each stored once: transactions carry a number instead of a string.

use hashbrown::HashTable;

/// The number of a name. Handlers are numbered from 0 in the order they were given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TypeId(pub u32);

/// How many unused names the interner keeps for later messages.
const IDLE_LIMIT: usize = 1024;

#[derive(Debug)]
struct Name {
    text: Box<str>,
    users: u32,
}

/// An interner that forgets: a program that invents a name per message does not fill its memory.
#[derive(Debug, Default)]
pub struct MessageTypes {
    names: slab::Slab<Name>,
    by_text: HashTable<u32>,
    last: Option<TypeId>,
}

fn hash(text: &str) -> u64 {
    use std::hash::BuildHasher;
    foldhash::fast::FixedState::default().hash_one(text)
}

impl MessageTypes {
    /// Names that the interner never forgets, numbered from 0.
    pub fn with_handlers<'a>(handlers: impl IntoIterator<Item = &'a str>) -> Self {
        let mut types = Self::default();
        for name in handlers {
            types.acquire(name);
        }
        types
    }

    /// The number of a name, for one more user of it.
    pub fn acquire(&mut self, text: &str) -> TypeId {
        let id = self.find(text).unwrap_or_else(|| self.insert(text));
        self.names[id.0 as usize].users += 1;
        self.last = Some(id);
        id
    }

    /// One user less. The interner may forget a name without users.
    pub fn release(&mut self, id: TypeId) {
        let Some(name) = self.names.get_mut(id.0 as usize) else { return };
        name.users = name.users.saturating_sub(1);
        if name.users == 0 && self.names.len() > IDLE_LIMIT {
            let name = self.names.remove(id.0 as usize);
            if let Ok(entry) = self.by_text.find_entry(hash(&name.text), |&other| other == id.0) {
                entry.remove();
            }
            self.last = None;
        }
    }

    /// The number of a known name.
    pub fn find(&self, text: &str) -> Option<TypeId> {
        // Consecutive messages often have one type.
        if let Some(last) = self.last.filter(|last| *self.names[last.0 as usize].text == *text) {
            return Some(last);
        }
        self.by_text.find(hash(text), |&id| *self.names[id as usize].text == *text).map(|&id| TypeId(id))
    }

    /// The name behind a number; empty if it was forgotten.
    pub fn name(&self, id: TypeId) -> &str {
        self.names.get(id.0 as usize).map_or("", |name| &name.text)
    }

    /// All known names, by number.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|(_, name)| &*name.text)
    }

    fn insert(&mut self, text: &str) -> TypeId {
        let id = u32::try_from(self.names.insert(Name { text: text.into(), users: 0 })).expect("fewer than 2^32 names");
        let names = &self.names;
        self.by_text.insert_unique(hash(text), id, |&other| hash(&names[other as usize].text));
        TypeId(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handlers_are_numbered_in_their_order() {
        let types = MessageTypes::with_handlers(["load", "compute"]);
        assert_eq!(types.find("load"), Some(TypeId(0)));
        assert_eq!(types.find("compute"), Some(TypeId(1)));
        assert_eq!(types.find("constructor"), None);
        assert_eq!(types.names().collect::<Vec<_>>(), ["load", "compute"]);
    }

    #[test]
    fn a_name_keeps_its_number_while_it_is_used() {
        let mut types = MessageTypes::default();
        let id = types.acquire("load");
        assert_eq!(types.acquire("load"), id);
        types.release(id);
        assert_eq!(types.name(id), "load");
    }

    #[test]
    fn a_million_invented_names_cost_nothing() {
        let mut types = MessageTypes::with_handlers(["stays"]);
        for number in 0..1_000_000 {
            let id = types.acquire(&format!("name-{number}"));
            types.release(id);
        }
        assert!(types.names.len() <= IDLE_LIMIT + 1);
        assert_eq!(types.names.len(), types.by_text.len());
        assert_eq!(types.find("stays"), Some(TypeId(0)));
    }
}
