// @ts-check
// A table as text: columns as wide as they need to be, numbers to the right.

/**
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows
 */
export function table(head, rows) {
  const columns = head.map((title, index) => {
    const cells = rows.map((row) => row[index] ?? '');
    const width = Math.max(...[title, ...cells].map((cell) => cell.length));
    return { width, isNumeric: cells.every((cell) => /^\d+$/.test(cell)) };
  });
  const rule = columns.map(({ width }) => '─'.repeat(width));
  const lines = [head, rule, ...rows].map((row) =>
    columns.map(({ width, isNumeric }, index) => {
      const cell = row[index] ?? '';
      return isNumeric ? cell.padStart(width) : cell.padEnd(width);
    }),
  );
  return lines.map((line) => line.join('  ').trimEnd()).join('\n');
}
