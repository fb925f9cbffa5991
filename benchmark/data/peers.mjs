// Who is measured: in the scenarios and their memory, and in the delay.

export const peerNames = ['ours-structured', 'fork-advanced', 'postMessage'];

/** How the project goes to ten workers. */
export const ways = [
  { name: 'prepared', title: "'structured', prepared" },
  { name: 'structured', title: "'structured'" },
  { name: 'fork-advanced', title: 'fork, advanced' },
];
