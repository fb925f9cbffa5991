test('passes 2', () => expect(2).toBe(2));
test('throws', () => {
  expect(() => {
    throw new Error('a');
  }).toThrow('a');
});
