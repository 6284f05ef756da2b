/** A permission for some devices to enrol. */
export type EnrolToken = {
  /** Eight hex digits, to name it by. */
  readonly id: string;
  readonly note: string | null;
  readonly created: string;
  readonly expires: string;
  /** How many devices may enrol with it, and how many have. */
  readonly uses: number;
  readonly used: number;
  readonly state: 'open' | 'used' | 'expired' | 'revoked';
};

/** A device that has shown its key. */
export type EnrolledDevice = {
  /** The name of its key: 32 hex digits. */
  readonly keyId: string;
  /** The 32 bytes of its Ed25519 public key, base64url. */
  readonly key: string;
  readonly serial: string | null;
  readonly model: string | null;
  /** The random id that it has in reports. */
  readonly device: string;
  /** When it enrolled, or at a site when its key was learned. */
  readonly enrolled: string;
  /** When it last asked anything here. */
  readonly lastSeen: string | null;
  /** True: it is refused. */
  readonly isRevoked: boolean;
};

/** What a device shows of itself. */
export type Enrolling = {
  readonly key: string;
  readonly serial?: string | undefined;
  readonly model?: string | undefined;
  readonly device: string;
};

/** Whether a request is a new one. */
export type Freshness =
  | { readonly kind: 'fresh' }
  /** It is old, from another time, or a repeated one: let it be signed again over this nonce. */
  | { readonly kind: 'stale'; readonly nonce: string }
  /** More requests in five minutes than a device has reason for. */
  | { readonly kind: 'busy' };

/**
 * Which devices may ask for themselves. Tokens are the origin's; a site keeps the keys that the origin has told it.
 * All may throw `fleet-full`, `fleet-busy`, `fleet-damaged`.
 */
export type FleetEnrolment = {
  /** Makes a token; its words are told here and never again. `expires` in milliseconds since 1970. */
  createToken(options: {
    readonly note?: string | undefined;
    readonly expires: number;
    readonly uses: number;
  }): Promise<EnrolToken & { readonly token: string }>;
  tokens(): Promise<readonly EnrolToken[]>;
  /** Makes a token worthless; `withDevices`: the devices that enrolled by it too. Throws `enrol-token-unknown`. */
  revokeToken(id: string, options: { readonly withDevices: boolean }): Promise<EnrolToken>;
  /**
   * Enrols a device. One that is enrolled with this key, serial number and id gets the same answer again and uses nothing.
   * Throws `enrol-token-unknown`, `enrol-token-used`, `enrol-token-expired`, `enrol-token-revoked`,
   * `device-serial-taken`, `device-key-revoked`.
   */
  enrol(token: string, device: Enrolling): Promise<EnrolledDevice>;
  /** A site keeps what the place above says of a key; undefined: it is not known there any more. */
  remember(keyId: string, device: Enrolling | undefined): Promise<void>;
  /** The device with this key; `checked`: milliseconds since 1970, when it was enrolled here or last remembered. */
  find(keyId: string): Promise<(EnrolledDevice & { readonly checked: number }) | undefined>;
  /** All of them, the last enrolled first. */
  devices(): Promise<readonly EnrolledDevice[]>;
  /** Refuses the device with this serial number, id or key from now on. Throws `device-not-enrolled`. */
  revoke(name: string): Promise<readonly EnrolledDevice[]>;
  /**
   * Takes a nonce, once. What a device said to have signed at a time (seconds since 1970) is fresh within five minutes of
   * the clock; with another clock it signs over the nonce that it is given. Holds over restarts and over clocks that are
   * set back. Call it only for what carries a good signature.
   */
  admit(keyId: string, request: { readonly created: number; readonly nonce: string }): Promise<Freshness>;
};
