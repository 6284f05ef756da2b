/**
 * Makes docs/errors.md and docs/es/errors.md from the catalogues: every sentence that may end a command or that
 * it may say on its way, with its code. `node scripts/errors-page.ts` writes them; a test compares.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import type { Language } from '../src/base/catalogue.ts';
import type { Message, MessageSet } from '../src/base/message.ts';

/** A page of the documentation: its path below the checkout, and all of its text. */
export type Page = { readonly file: string; readonly text: string };

/** The parts of the system that have sentences, in the order of the source folders. */
const parts = [
  'base',
  'os',
  'formats',
  'build',
  'store',
  'pack',
  'delta',
  'trust',
  'repository',
  'lite',
  'plan',
  'lease',
  'lease-office',
  'signer',
  'activities',
  'activities-commands',
  'activities-device',
  'activities-server',
  'advice',
  'rollout',
  'rollout-device',
  'oats',
  'device',
  'boot',
  'local',
  'boot-stage',
  'trial',
  'device-api',
  'seal',
  'discovery',
  'agent',
  'rsync-trees',
  'rsync-daemon',
  'rsync-upstream',
  'rsync-drop',
  'rsync-client',
  'site-pull',
  'site-mirror',
  'site-link',
  'fleet',
  'stick',
  'server',
  'site-server',
  'cli',
] as const;

const wording = {
  en: {
    file: 'docs/errors.md',
    title: 'What Satchel says when something is wrong',
    about:
      'Every sentence has a code that stays the same (`--json` gives it as `error.code`), says what is wrong and where, and what to do next. Words in braces are filled in.',
    exit: (code: number) => `Ends the command with exit code ${code}.`,
    notice: 'Said on the way; when it ends the command, with exit code 1.',
  },
  es: {
    file: 'docs/es/errors.md',
    title: 'Qué dice Satchel cuando algo anda mal',
    about:
      'Cada frase tiene un código que no cambia (`--json` lo da como `error.code`), dice qué pasa y dónde, y qué hacer después. Las palabras entre llaves se completan.',
    exit: (code: number) => `Termina la orden con el código de salida ${code}.`,
    notice: 'Se dice por el camino; si termina la orden, con el código de salida 1.',
  },
} as const;

/** The pages that document every sentence, in both languages; made from the catalogues. */
export async function errorsPages(): Promise<readonly Page[]> {
  const sets = await Promise.all(parts.map(async (part) => ({ part, messages: await messagesOf(part) })));
  return (['en', 'es'] as const).map((language) => pageIn(language, sets));
}

async function messagesOf(part: (typeof parts)[number]): Promise<MessageSet> {
  const module: Record<string, MessageSet> = await import(`../src/base/catalogue/${part}.ts`);
  const name = `${part.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())}Messages`;
  const messages = module[name];
  if (messages === undefined) throw new Error(`catalogue/${part}.ts exports no ${name}`);
  return messages;
}

function pageIn(language: Language, sets: readonly { part: string; messages: MessageSet }[]): Page {
  const { file, title, about, exit, notice } = wording[language];
  const lines = [`# ${title}`, '', about];
  for (const { part, messages } of sets) {
    const documented = Object.entries(messages).filter(([code, message]) => isSentence(code, message));
    if (documented.length === 0) continue;
    lines.push('', `## ${part}`);
    for (const [code, message] of documented) {
      const { text, hint } = message[language];
      lines.push('', `### \`${code}\``, '', `> ${text}`);
      if (hint !== undefined) lines.push('>', `> ${hint}`);
      lines.push('', message.exit === undefined ? notice : exit(message.exit));
    }
  }
  return { file, text: `${lines.join('\n')}\n` };
}

/** Words of the help and of the progress line are no sentences. */
function isSentence(code: string, message: Message): boolean {
  if (code.startsWith('help-')) return false;
  return message.exit !== undefined || message.en.hint !== undefined || message.en.text.endsWith('.');
}

if (import.meta.main) {
  for (const { file, text } of await errorsPages()) {
    const target = path.join(import.meta.dirname, '..', file);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, text);
    process.stdout.write(`${file}\n`);
  }
}
