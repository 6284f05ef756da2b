import type { MessageSet } from '../message.ts';

/** Words of the commands about reports, sites' tokens and the fleet: help, options and results. */
export const fleetResultsMessages = {
  'help-report': {
    en: { text: 'send the reports that wait on this device' },
    es: { text: 'enviar los informes que esperan en este equipo' },
  },
  'help-site-token-create': {
    en: { text: 'make a token with which one site may join (at the origin)' },
    es: { text: 'crear un código con el que un sitio puede unirse (en el origen)' },
  },
  'help-site-token-list': {
    en: { text: 'show the tokens and the sites that used them' },
    es: { text: 'mostrar los códigos y los sitios que los usaron' },
  },
  'help-site-token-revoke': {
    en: { text: 'make a token worthless, and the permission of the site that used it' },
    es: { text: 'anular un código y el permiso del sitio que lo usó' },
  },
  'help-fleet-devices': {
    en: { text: 'show the devices that reported, newest first' },
    es: { text: 'mostrar los equipos que informaron, los más recientes primero' },
  },
  'help-fleet-sites': {
    en: { text: 'show the sites below this place' },
    es: { text: 'mostrar los sitios por debajo de este lugar' },
  },
  'help-fleet-requests': {
    en: { text: 'show the devices for which a lease was requested' },
    es: { text: 'mostrar los equipos para los que se pidió un permiso (lease)' },
  },
  'help-group-fleet': {
    en: { text: 'what devices and sites reported' },
    es: { text: 'lo que informaron equipos y sitios' },
  },
  'help-group-site-token': {
    en: { text: 'permissions for sites to join' },
    es: { text: 'permisos para que se unan sitios' },
  },
  'option-reports': {
    en: { text: 'tell the source what this device runs (on), or not (off)' },
    es: { text: 'informar al origen de lo que este equipo usa (on), o no (off)' },
  },
  'option-request-lease': {
    en: { text: 'also ask for a lease for this device' },
    es: { text: 'pedir además un permiso (lease) para este equipo' },
  },
  'option-token-note': {
    en: { text: 'what the token is for, to be found again in the list' },
    es: { text: 'para qué es el código, para reconocerlo en la lista' },
  },
  'option-token-expires': {
    en: { text: 'how long the token is good for; 30 days unless said otherwise' },
    es: { text: 'cuánto tiempo sirve el código; 30 días si no se dice otra cosa' },
  },
  'option-fleet-site': {
    en: { text: 'only the devices of this site (its id)' },
    es: { text: 'solo los equipos de este sitio (su identificador)' },
  },
  'option-fleet-limit': {
    en: { text: 'at most so many; 1000 unless said otherwise' },
    es: { text: 'a lo sumo esta cantidad; 1000 si no se dice otra cosa' },
  },
  'argument-token': {
    en: { text: 'the id of the token, from "satchel site token list"' },
    es: { text: 'el identificador del código, según «satchel site token list»' },
  },
  'result-report-sent': {
    en: { text: 'Reports sent to {source}: {sent}; waiting: {waiting}.' },
    es: { text: 'Informes enviados a {source}: {sent}; en espera: {waiting}.' },
  },
  'result-device-set-reports-off': {
    en: { text: 'This device reports to nobody.' },
    es: { text: 'Este equipo no informa a nadie.' },
  },
  'result-token-created': {
    en: { text: '{token}' },
    es: { text: '{token}' },
  },
  'result-token-hint': {
    en: {
      text: 'Good for one site until {expires}; it is shown only now. There: satchel site join URL --token {token}',
    },
    es: {
      text: 'Sirve para un sitio hasta el {expires}; solo se muestra ahora. Allí: satchel site join URL --token {token}',
    },
  },
  'result-token': {
    en: { text: '{id}  {state}  made {created}  expires {expires}  {note}' },
    es: { text: '{id}  {state}  creado {created}  vence {expires}  {note}' },
  },
  'result-token-site': {
    en: { text: '          used by {name} ({site})' },
    es: { text: '          usado por {name} ({site})' },
  },
  'result-token-open': { en: { text: 'open' }, es: { text: 'libre' } },
  'result-token-used': { en: { text: 'used' }, es: { text: 'usado' } },
  'result-token-revoked': { en: { text: 'revoked' }, es: { text: 'revocado' } },
  'result-token-expired': { en: { text: 'expired' }, es: { text: 'vencido' } },
  'result-tokens-none': { en: { text: 'There are no tokens.' }, es: { text: 'No hay códigos.' } },
  'result-token-revoke': {
    en: { text: 'The token {id} is worthless now.' },
    es: { text: 'El código {id} ya no sirve.' },
  },
  'result-token-revoke-site': {
    en: { text: 'The token {id} is worthless now, and the site "{name}" may no longer report for others.' },
    es: { text: 'El código {id} ya no sirve, y el sitio «{name}» ya no puede informar por otros.' },
  },
  'result-fleet-device': {
    en: { text: '{serial}  {running}  reported {seen}  free {free} of {total}  {result}' },
    es: { text: '{serial}  {running}  informó {seen}  libre {free} de {total}  {result}' },
  },
  'result-fleet-more': {
    en: { text: 'More devices, not shown: {count}; see --limit.' },
    es: { text: 'Más equipos, sin mostrar: {count}; vea --limit.' },
  },
  'result-fleet-none': {
    en: { text: 'No device has reported yet.' },
    es: { text: 'Todavía no informó ningún equipo.' },
  },
  'result-fleet-site': {
    en: { text: '{name}  {id}  reported {seen}  devices {devices}  free {free}' },
    es: { text: '{name}  {id}  informó {seen}  equipos {devices}  libre {free}' },
  },
  'result-fleet-site-revoked': {
    en: { text: '          its token was revoked: reports that come by way of it are dropped' },
    es: { text: '          su código fue revocado: los informes que llegan por él se descartan' },
  },
  'result-fleet-site-builds': {
    en: { text: '          has {builds}' },
    es: { text: '          tiene {builds}' },
  },
  'result-fleet-sites-none': {
    en: { text: 'No site has joined or reported yet.' },
    es: { text: 'Todavía no se unió ni informó ningún sitio.' },
  },
  'result-fleet-request': {
    en: { text: '{serial}  asked {made}  site {site}' },
    es: { text: '{serial}  pedido {made}  sitio {site}' },
  },
  'result-fleet-requests-none': {
    en: { text: 'Nobody asks for a lease.' },
    es: { text: 'Nadie pide un permiso (lease).' },
  },
} as const satisfies MessageSet;
