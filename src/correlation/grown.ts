type Numbers = Uint8Array | Int32Array | Uint32Array | Float64Array;

const FIRST_LENGTH = 64;

/** The array itself when it has `length` places, else a longer copy: half as long again, so that growing stays cheap. */
export function grown<T extends Numbers>(array: T, length: number): T {
  if (length <= array.length) return array;
  const longer = Math.max(FIRST_LENGTH, length, Math.ceil(array.length * 1.5));
  const copy = new (array.constructor as new (places: number) => T)(longer);
  copy.set(array);
  return copy;
}
