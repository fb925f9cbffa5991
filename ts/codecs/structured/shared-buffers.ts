/** What the library asks of any value before the class of shared buffers is loaded. */
interface Access {
  /** Whether it is a shared buffer. */
  has(value: unknown): boolean;
}

export const sharedBuffers: Access = { has: () => false };
