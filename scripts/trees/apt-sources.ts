/** One line of a package source: an address with one suite. */
export type AptSource = {
  readonly address: string;
  readonly suite: string;
  readonly components: readonly string[];
  /** Options that say what is trusted, as in a one-line source: `signed-by=…`, `trusted=yes`. */
  readonly options: readonly string[];
};

/** Reads a `.list` file: one source a line. Lines that are no binary sources are passed over. */
export function parseListFile(text: string): AptSource[] {
  const sources: AptSource[] = [];
  for (const line of text.split('\n')) {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s*([^#]*)/.exec(line);
    if (!match) continue;
    sources.push({
      address: match[2]!,
      suite: match[3]!,
      components: words(match[4]),
      options: words(match[1]).filter(isAboutTrust),
    });
  }
  return sources;
}

/** Reads a `.sources` file (deb822 stanzas). Sources that are switched off are passed over. */
export function parseSourcesFile(text: string): AptSource[] {
  const sources: AptSource[] = [];
  const withoutComments = text.replace(/^#.*\n?/gm, '');
  for (const stanza of withoutComments.split(/\n\s*\n/)) {
    const fields = fieldsOf(stanza);
    if (!words(fields.get('types')).includes('deb')) continue;
    if (/^(no|false|off|0)$/i.test(fields.get('enabled') ?? '')) continue;
    const options = [];
    const signedBy = fields.get('signed-by') ?? '';
    // A key written into the stanza itself has no path to pass on; the machine's own keyrings are used then.
    if (signedBy.startsWith('/')) options.push(`signed-by=${words(signedBy).join(',')}`);
    if (/^(yes|true|on|1)$/i.test(fields.get('trusted') ?? '')) options.push('trusted=yes');
    for (const address of words(fields.get('uris')))
      for (const suite of words(fields.get('suites')))
        sources.push({ address, suite, components: words(fields.get('components')), options });
  }
  return sources;
}

/** The source as one line of a `.list` file. */
export function sourceLine(source: AptSource): string {
  const options = source.options.length === 0 ? '' : `[${source.options.join(' ')}] `;
  return `deb ${options}${source.address} ${source.suite} ${source.components.join(' ')}`;
}

function fieldsOf(stanza: string): Map<string, string> {
  const fields = new Map<string, string>();
  const unfolded = stanza.replace(/\n[ \t]+/g, ' ');
  for (const line of unfolded.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return fields;
}

function words(text: string | undefined): string[] {
  return (text ?? '').split(/\s+/).filter((word) => word !== '');
}

function isAboutTrust(option: string): boolean {
  return /^(signed-by|trusted)=/.test(option);
}
