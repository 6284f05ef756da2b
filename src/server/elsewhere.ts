import type { SatchelError } from '../base/errors.ts';

/** A file of the repository that is read while it arrives from elsewhere. */
export type OpenedElsewhere = {
  /** Bytes of the whole file. */
  readonly size: number;
  /** The bytes asked for, exactly; a piece belongs to the reader. Throws what getting them throws. */
  read(
    part: { readonly offset: number; readonly length: number },
    options?: { readonly signal?: AbortSignal },
  ): AsyncIterable<Uint8Array>;
  close(): void;
};

/** Where the files of a repository come from that are not on this disk: the upstream of a site. */
export type Elsewhere = {
  /**
   * Called before a file is looked for whose content may change under its name. Resolves when what is on the disk is
   * as new as it can be without making anybody wait; never rejects.
   */
  freshen(name: string): Promise<void>;
  /**
   * The file that is named by its hash, or undefined when it lies whole and sound on this disk: then it is served from
   * there. Throws a SatchelError when it cannot be had.
   */
  open(name: string, options: { readonly signal: AbortSignal }): Promise<OpenedElsewhere | undefined>;
};

/** How a failure to get a file from elsewhere is answered: a status, and after how many seconds to ask again. */
export type ElsewhereFailure = {
  readonly status: number;
  readonly retryAfter?: number;
  /** True when the reason is nobody's business: the file is simply not found. */
  readonly isUnsaid?: true;
};

/** What a failure means for whoever asked; a code that says nothing about it is no fault of the asker. */
export function failureStatus({ code, parameters }: SatchelError): ElsewhereFailure {
  switch (code) {
    case 'store-not-found':
    case 'store-name-not-allowed':
      return { status: 404, isUnsaid: true };
    // No waiting helps whoever asks a place that asks nobody.
    case 'site-offline':
      return { status: 404 };
    case 'site-loop':
      return { status: 508 };
    case 'store-stalled':
      return { status: 504, retryAfter: 30 };
    default: {
      // `seconds` is how long the site itself leaves its upstream alone.
      const wait = Number(parameters.retryAfter ?? parameters.seconds ?? 30);
      return { status: 503, retryAfter: Number.isFinite(wait) ? Math.max(1, Math.ceil(wait)) : 30 };
    }
  }
}
