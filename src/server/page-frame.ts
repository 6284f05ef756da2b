import { type Language, say } from '../base/catalogue.ts';
import { type Html, html } from './html.ts';
import { pageStyle } from './page-style.ts';

/** What a page is made of. */
export type PageFrame = {
  readonly title: string;
  readonly introduction: string;
  readonly body: Html;
  readonly language: Language;
  /** Seconds after which the browser asks again; absent: never. */
  readonly refresh?: number | undefined;
};

/** A complete page, without scripts, with the way to the other language. */
export function pageFrame({ title, introduction, body, language, refresh }: PageFrame): string {
  const word = (code: 'page-other-language' | 'page-as-json') => say(code, {}, language).text;
  const other = language === 'en' ? 'es' : 'en';
  const again = refresh === undefined ? html`` : html`<meta http-equiv="refresh" content="${refresh}">\n`;
  const page = html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
${again}<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${{ html: pageStyle }}</style>
</head>
<body>
<header><h1>${title}</h1><p>${introduction}</p></header>
<main>
${body}
</main>
<footer>
<a href="/?lang=${other}" lang="${other}" hreflang="${other}">${word('page-other-language')}</a>
<a href="/status.json">${word('page-as-json')}</a>
</footer>
</body>
</html>
`;
  return page.html;
}
