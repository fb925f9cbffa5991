test('passes 3', () => expect(3).toBe(3));
test('throws', () => {
  expect(() => {
    throw new Error('a');
  }).toThrow('a');
});
