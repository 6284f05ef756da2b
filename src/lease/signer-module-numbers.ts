/**
 * Numbers of PKCS#11 2.40: the places of functions in the table that a module gives out, what they take (`n` a number,
 * `p` an address), and names of what they answer.
 */
export const functionIndex = {
  C_Initialize: { index: 0, takes: 'p' },
  C_GetSlotList: { index: 4, takes: 'npp' },
  C_GetTokenInfo: { index: 6, takes: 'np' },
  C_OpenSession: { index: 12, takes: 'nnppp' },
  C_CloseSession: { index: 13, takes: 'n' },
  C_CloseAllSessions: { index: 14, takes: 'n' },
  C_Login: { index: 18, takes: 'nnpn' },
  C_GetAttributeValue: { index: 24, takes: 'nnpn' },
  C_FindObjectsInit: { index: 26, takes: 'npn' },
  C_FindObjects: { index: 27, takes: 'npnp' },
  C_FindObjectsFinal: { index: 28, takes: 'n' },
  C_SignInit: { index: 42, takes: 'npn' },
  C_Sign: { index: 43, takes: 'npnpp' },
} as const;

/** Answers of a module that we act on. */
export const answers = {
  pinIncorrect: 0xa0,
  pinInvalid: 0xa1,
  pinLength: 0xa2,
  pinLocked: 0xa4,
  userAlreadyLoggedIn: 0x100,
} as const;

/** Answers after which the token has to be opened anew: it was pulled out, or somebody else closed its sessions. */
export const lostToken: ReadonlySet<unknown> = new Set([
  0x30, 0x32, 0x60, 0x82, 0xb0, 0xb3, 0xe0, 0xe1, 0x101, 0x190,
]);

/** Attributes of objects in a token. */
export const attributes = {
  class: 0x0,
  label: 0x3,
  keyType: 0x100,
  id: 0x102,
  modulus: 0x120,
  publicExponent: 0x122,
  alwaysAuthenticate: 0x202,
} as const;

/** Kinds of objects and keys. */
export const kinds = { privateKey: 3n, publicKey: 2n, rsa: 0n } as const;

/** RSASSA-PSS over a digest; its parameters: SHA-256, the mask function with SHA-256, the length of the salt. */
export const pss = { mechanism: 0x0d, sha256: 0x250n, maskSha256: 2n } as const;

const names: Readonly<Record<number, string>> = {
  5: 'CKR_GENERAL_ERROR',
  6: 'CKR_FUNCTION_FAILED',
  48: 'CKR_DEVICE_ERROR',
  50: 'CKR_DEVICE_REMOVED',
  96: 'CKR_KEY_HANDLE_INVALID',
  104: 'CKR_KEY_FUNCTION_NOT_PERMITTED',
  112: 'CKR_MECHANISM_INVALID',
  113: 'CKR_MECHANISM_PARAM_INVALID',
  130: 'CKR_OBJECT_HANDLE_INVALID',
  160: 'CKR_PIN_INCORRECT',
  164: 'CKR_PIN_LOCKED',
  176: 'CKR_SESSION_CLOSED',
  179: 'CKR_SESSION_HANDLE_INVALID',
  224: 'CKR_TOKEN_NOT_PRESENT',
  225: 'CKR_TOKEN_NOT_RECOGNIZED',
  257: 'CKR_USER_NOT_LOGGED_IN',
  400: 'CKR_CRYPTOKI_NOT_INITIALIZED',
};

/** What a module answered, for people who look it up. */
export function returned(code: number): string {
  return names[code] ?? `0x${code.toString(16)}`;
}
