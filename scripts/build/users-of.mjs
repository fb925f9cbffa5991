/** The entries that need a module as soon as they are loaded, in their order. */
export function usersOf(id, entries, getModuleInfo) {
  return entries.filter((name) => needs(`${name}.js`, id, getModuleInfo));
}

function needs(from, id, getModuleInfo, seen = new Set()) {
  if (from === id) return true;
  if (seen.has(from)) return false;
  seen.add(from);
  return (getModuleInfo(from)?.importedIds ?? []).some((next) => needs(next, id, getModuleInfo, seen));
}
