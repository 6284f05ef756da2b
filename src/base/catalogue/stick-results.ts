import type { Message, MessageSet } from '../message.ts';

function words(en: string, es: string): Message {
  return { en: { text: en }, es: { text: es } };
}

/** Words of `satchel stick`: help, options and results. */
export const stickResultsMessages = {
  'help-group-stick': words(
    'carry builds and reports on a stick',
    'lleva versiones e informes en una memoria USB',
  ),
  'help-stick-prepare': words(
    'put builds and what goes with them on a stick',
    'pone versiones y lo que va con ellas en una memoria USB',
  ),
  'help-stick-load': words(
    'take what a stick brings to this site',
    'toma lo que una memoria USB trae a este sitio',
  ),
  'help-stick-collect': words(
    'store the reports that a stick brings home (at the origin)',
    'guarda los informes que una memoria USB trae de vuelta (en el origen)',
  ),
  'argument-stick': words(
    'the directory where the stick is mounted',
    'el directorio donde está montada la memoria USB',
  ),
  'argument-stick-builds': words(
    'builds to take along; without any the heads of the streams',
    'versiones que van; sin ninguna, las actuales de los canales',
  ),
  'option-stick-repo': words(
    'the repository that the builds come from',
    'el repositorio de donde vienen las versiones',
  ),
  'option-stick-source': words(
    'where the builds come from when no repository is here: http://, https:// or file://',
    'de dónde vienen las versiones si aquí no hay repositorio: http://, https:// o file://',
  ),
  'option-stick-trust': words(
    'a root of that source, or its SHA-256: another source is refused',
    'una raíz de ese origen, o su SHA-256: se rechaza cualquier otro',
  ),
  'option-stick-stream': words(
    'take the head of this stream (may be repeated)',
    'lleva la versión actual de este canal (puede repetirse)',
  ),
  'option-stick-deltas-only': words(
    'leave the packs out: for devices that run one of the last builds',
    'sin los paquetes: para equipos que usan una de las últimas versiones',
  ),
  'option-stick-no-groups': words(
    'leave the activities and the content of the groups out',
    'sin las actividades ni el contenido de los grupos',
  ),
  'option-stick-site': words(
    'a site that the stick goes to: only what it lacks is taken (may be repeated)',
    'un sitio al que va la memoria USB: solo lleva lo que le falta (puede repetirse)',
  ),
  'option-stick-leases': words(
    'a file of leases for these sites, or for all',
    'un archivo de permisos (leases) para esos sitios, o para todos',
  ),
  'option-stick-delegations': words(
    'a file of delegations for these sites, or for all',
    'un archivo de delegaciones para esos sitios, o para todos',
  ),
  'option-stick-activities': words(
    'a directory of activities for every site',
    'un directorio de actividades para todos los sitios',
  ),
  'option-stick-split': words(
    'cut files above this size, whatever the file system of the stick',
    'corta los archivos de más de este tamaño, sea cual sea el sistema de archivos',
  ),
  'option-stick-device': words(
    'a block device to mount for the while, such as /dev/sdb1',
    'un dispositivo de bloques que se monta mientras tanto, como /dev/sdb1',
  ),
  'result-stick-build': words('{name}: {files} files, {bytes}', '{name}: {files} archivos, {bytes}'),
  'result-stick-prepare': words(
    '{copied} copied to {stick}, {kept} were there already, {removed} old files removed.',
    '{copied} copiados a {stick}, {kept} ya estaban, {removed} archivos viejos borrados.',
  ),
  'result-stick-gone': words(
    'No longer on the stick, since they were not named this time: {names}.',
    'Ya no están en la memoria USB, porque esta vez no se nombraron: {names}.',
  ),
  'stick-gone-leases': words('leases for {site}', 'permisos para {site}'),
  'stick-gone-delegations': words('delegations for {site}', 'delegaciones para {site}'),
  'stick-gone-leases-all': words('leases for every site', 'permisos para todos los sitios'),
  'stick-gone-delegations-all': words('delegations for every site', 'delegaciones para todos los sitios'),
  'stick-gone-activity': words('the activity {name}', 'la actividad {name}'),
  'result-stick-compare': words(
    'Nobody has checked whose builds these are. Compare the SHA-256 of the first root: {sha256}',
    'Nadie comprobó de quién son estas versiones. Compare el SHA-256 de la primera raíz: {sha256}',
  ),
  'result-stick-signed': words(
    'Signed; its attachments are good until {expires}.',
    'Firmada; lo adjunto vale hasta {expires}.',
  ),
  'result-stick-unsigned': words(
    'Not signed: builds need no more than their own signatures.',
    'Sin firma propia: a las versiones les basta con las suyas.',
  ),
  'result-stick-may-go': words(
    'Everything is on it: unmount it and pull it out.',
    'Ya está todo: desmóntela y sáquela.',
  ),
  'result-stick-load-done': words('You may unmount it and pull it out.', 'Ya puede desmontarla y sacarla.'),
  'result-stick-load-part': words(
    'Not everything was taken (see above). You may unmount it and pull it out.',
    'No se tomó todo (vea arriba). Ya puede desmontarla y sacarla.',
  ),
  'result-stick-taken': words(
    '{name}: {copied} copied; this site has all of it.',
    '{name}: {copied} copiados; este sitio la tiene completa.',
  ),
  'result-stick-taken-part': words(
    '{name}: {copied} copied; this site has a part of it.',
    '{name}: {copied} copiados; este sitio tiene una parte.',
  ),
  'result-stick-attachments': words('Attachments taken: {names}', 'Adjuntos tomados: {names}'),
  'result-stick-reports': words(
    '{stored} new reports stored, {known} were known.',
    '{stored} informes nuevos guardados, {known} ya se conocían.',
  ),
  'result-stick-home': words(
    '{reports} reports go home on the stick; the origin has confirmed {acknowledged}.',
    '{reports} informes viajan de vuelta en la memoria USB; el origen confirmó {acknowledged}.',
  ),
  'result-stick-xs-activities': words(
    '{count} files of xs-activity-server are in {directory}.',
    '{count} archivos de xs-activity-server están en {directory}.',
  ),
  'result-stick-xobuilds': words(
    '{count} files of xs-xobuilds are in {directory}.',
    '{count} archivos de xs-xobuilds están en {directory}.',
  ),
  'result-stick-site': words(
    'Site {site}: {stored} new reports, {known} known.',
    'Sitio {site}: {stored} informes nuevos, {known} conocidos.',
  ),
  'result-stick-nothing': words('Nothing on the stick was new.', 'No había nada nuevo en la memoria USB.'),
} as const satisfies MessageSet;
