/** How a reference is written: in so many bytes, as the distance from its origin in units of so many bytes. */
export type Form = { readonly length: 4 | 8; readonly unit: number };

/**
 * Is told of each reference: its place, the address that it leads to, and the address that it is relative to
 * (undefined when it holds the address itself). May write over the reference.
 */
export type ReferenceVisitor = (at: number, target: number, origin: number | undefined, form: Form) => void;
