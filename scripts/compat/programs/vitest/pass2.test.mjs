import { test, expect } from 'vitest';
test('passes 2', () => expect(2).toBe(2));
