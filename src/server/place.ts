/** What a place tells of itself, so that loops are found before they are made. */
export type Place = {
  readonly kind: 'origin' | 'site';
  readonly id: string;
  readonly name: string;
  /** The id of this place, of its upstream, and so on, as far as they are known. */
  readonly chain: readonly string[];
};
