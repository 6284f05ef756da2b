import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RsyncSummary, rsyncSection } from './page-rsync.ts';

const summary: RsyncSummary = {
  url: 'rsync://127.0.0.1:8730',
  down: null,
  trees: 2,
  treeBytes: 3_000_000,
  budget: 5_000_000,
  transfers: 4,
  making: [{ name: 'b1', percent: 7 }],
};

test('where rsync clients are served, and what their trees take', () => {
  const { html } = rsyncSection(summary, 'en');
  assert.match(html, /Served at rsync:\/\/127\.0\.0\.1:8730\./);
  assert.match(html, /Trees: 2, 3\.00 MB of at most 5\.00 MB\. Transfers now: 4\./);
  assert.match(html, /b1: being made, 7 %/);
});

test('why they are not served, as text and in Spanish too', () => {
  const { html } = rsyncSection({ ...summary, url: null, down: '<b>' }, 'es');
  assert.match(html, /No se atienden: &lt;b&gt;/);
  assert.doesNotMatch(rsyncSection({ ...summary, url: null }, 'en').html, /Served at/);
});
