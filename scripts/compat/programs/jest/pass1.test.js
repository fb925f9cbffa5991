test('passes 1', () => expect(1).toBe(1));
test('throws', () => {
  expect(() => {
    throw new Error('a');
  }).toThrow('a');
});
