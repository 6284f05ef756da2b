import type { Message, MessageSet } from '../message.ts';

function words(en: string, es: string): Message {
  return { en: { text: en }, es: { text: es } };
}

/** What the commands about activities say on a device, and their help. */
export const activitiesDeviceMessages = {
  'help-group-activities': words('activities on this device', 'actividades en este equipo'),
  'help-activities-update': words(
    'bring activities and content up to date, or install named ones',
    'pone al día las actividades y el contenido, o instala los nombrados',
  ),
  'help-activities-list': words(
    'list what is installed beside the OS',
    'lista lo instalado junto al sistema',
  ),
  'help-activities-pin': words('keep an activity on one version', 'mantiene una actividad en una versión'),
  'help-activities-unpin': words('let it follow its stream again', 'la deja seguir de nuevo su canal'),
  'help-activities-rollback': words('go back to its version before', 'vuelve a su versión anterior'),
  'help-activities-remove': words(
    'take it away, so that it does not come back by itself',
    'la quita, y no vuelve por sí sola',
  ),
  'help-activities-set': words('choose the groups to follow', 'elige los grupos que se siguen'),
  'argument-activities-ids': words(
    'only these, also optional ones and ones that were removed',
    'solo estos, también los opcionales y los que se quitaron',
  ),
  'argument-activities-pin-version': words(
    'the version; without it the one that is there',
    'la versión; sin ella, la que está',
  ),
  'option-home': words(
    'whose activities: a home (your own without it; for root /home/olpc)',
    'de quién son las actividades: una carpeta personal (la propia si no se dice; para root /home/olpc)',
  ),
  'option-activities-dry-run': words('say what would be done', 'dice lo que se haría'),
  'option-activities-groups': words(
    'a group to follow; may be repeated, none means "default"',
    'un grupo que se sigue; puede repetirse, ninguno significa «default»',
  ),
  'result-activities-installed': words('installed: {id} {to}', 'instalado: {id} {to}'),
  'result-activities-would-install': words('would be installed: {id} {to}', 'se instalaría: {id} {to}'),
  'result-activities-updated': words('updated: {id} {from} → {to}', 'actualizado: {id} {from} → {to}'),
  'result-activities-would-update': words(
    'would be updated: {id} {from} → {to}',
    'se actualizaría: {id} {from} → {to}',
  ),
  'result-activities-by-hand': words(
    'left alone: {id} was installed or changed by hand',
    'se deja como está: {id} se instaló o cambió a mano',
  ),
  'result-activities-removed': words(
    'not brought back: {id} was removed (name it to install it again)',
    'no se trae de vuelta: {id} se quitó (nómbrelo para instalarlo de nuevo)',
  ),
  'result-activities-folder-taken': words(
    'left out: {id}, because its folder is the one of {by}',
    'se omite {id}, porque su carpeta es la de {by}',
  ),
  'result-activities-other-disk': words(
    'left out: {id}, because its folder would lie on another disk than the home',
    'se omite {id}, porque su carpeta quedaría en otro disco que la carpeta personal',
  ),
  'result-activities-taken-away': words('{id} {version} is gone', '{id} {version} ya no está'),
  'result-activities-nothing': words('all activities are up to date', 'todas las actividades están al día'),
  'result-activities-plan': words(
    'needs {bytes} from the source and {disk} of disk',
    'necesita {bytes} del origen y {disk} de disco',
  ),
  'result-activities-done': words(
    'received {received} in {requests} requests, {seconds}',
    'recibidos {received} en {requests} peticiones, {seconds}',
  ),
  'result-activities-by-delta': words(
    '{count} of {all} by deltas from the versions that were here',
    '{count} de {all} mediante deltas desde las versiones que había aquí',
  ),
  'result-activities-whole': words(
    '(all that is in them takes {whole})',
    '(todo lo que contienen ocupa {whole})',
  ),
  'result-activities-pinned': words('{id} stays on {version}', '{id} se queda en {version}'),
  'result-activities-unpinned': words(
    '{id} ({version}) follows its stream again',
    '{id} ({version}) sigue de nuevo su canal',
  ),
  'result-activities-back': words(
    '{id}: {from} → {to}, and it stays there until "satchel activities unpin"',
    '{id}: {from} → {to}, y se queda ahí hasta «satchel activities unpin»',
  ),
  'result-activities-groups': words('groups that are followed: {groups}', 'grupos que se siguen: {groups}'),
  'result-activities-empty': words('nothing is installed in {home}', 'no hay nada instalado en {home}'),
  'result-activities-line': words(
    '{name} ({id}) {version}, before: {previous}',
    '{name} ({id}) {version}, antes: {previous}',
  ),
  'result-activities-line-pinned': words(
    '{name} ({id}) {version}, pinned, before: {previous}',
    '{name} ({id}) {version}, fijada, antes: {previous}',
  ),
  'result-activities-line-by-hand': words(
    '{name} ({id}) {version}, by hand: left alone',
    '{name} ({id}) {version}, a mano: se deja como está',
  ),
  'result-activities-line-removed': words(
    '{name} ({id}) {version}, removed',
    '{name} ({id}) {version}, quitada',
  ),
  'result-activities-line-folder-taken': words(
    '{name} {version}, left out: its folder is the one of {by}',
    '{name} {version}, omitida: su carpeta es la de {by}',
  ),
  'result-activities-line-other-disk': words(
    '{name} {version}, left out: its folder would lie on another disk than the home',
    '{name} {version}, omitida: su carpeta quedaría en otro disco que la carpeta personal',
  ),
  'home-absent': {
    exit: 3,
    en: { text: 'There is no directory {home}.', hint: 'Name the home with --home.' },
    es: { text: 'No hay ningún directorio {home}.', hint: 'Nombre la carpeta personal con --home.' },
  },
  'home-not-named': {
    exit: 2,
    en: {
      text: 'Nobody said whose activities: root has none, and there is no /home/olpc.',
      hint: 'Name the home with --home DIR.',
    },
    es: {
      text: 'No se dijo de quién son las actividades: root no tiene, y no hay /home/olpc.',
      hint: 'Nombre la carpeta personal con --home DIR.',
    },
  },
  'home-of-another': {
    exit: 1,
    en: { text: '{home} belongs to another user.', hint: 'Run the command as that user, or as root.' },
    es: { text: '{home} es de otro usuario.', hint: 'Ejecute la orden como ese usuario, o como root.' },
  },
  'activities-running': {
    exit: 1,
    en: {
      text: 'Another process is changing the activities in {home}.',
      hint: 'Wait for it and run the same command again.',
    },
    es: {
      text: 'Otro proceso está cambiando las actividades en {home}.',
      hint: 'Espere a que termine y repita la orden.',
    },
  },
  'home-state-damaged': {
    exit: 1,
    en: {
      text: '{path} cannot be understood; it says what was installed in {home}.',
      hint: 'Restore it from a copy, or remove it: what is installed stays, and is left alone like what was put there by hand; move a folder away to have it installed and looked after again.',
    },
    es: {
      text: 'No se entiende {path}; dice qué se instaló en {home}.',
      hint: 'Recupérelo de una copia, o elimínelo: lo instalado se queda, y se deja como está, igual que lo puesto a mano; mueva una carpeta a otro lugar para que se instale y cuide de nuevo.',
    },
  },
  'activities-no-space': {
    exit: 4,
    en: {
      text: 'The activities need {disk} of disk and {reserve} in reserve; {free} are free.',
      hint: 'Remove something ("satchel activities remove ID"), or update only some of them by naming their ids.',
    },
    es: {
      text: 'Las actividades necesitan {disk} de disco y {reserve} de reserva; hay {free} libres.',
      hint: 'Quite algo («satchel activities remove ID»), o actualice solo algunas nombrando sus ids.',
    },
  },
  'bundle-not-offered': {
    exit: 3,
    en: {
      text: '{source} does not offer {name} in the groups that are followed.',
      hint: '"satchel activities set --group GROUP" follows others; the operator sees all with "satchel activity list".',
    },
    es: {
      text: '{source} no ofrece {name} en los grupos que se siguen.',
      hint: '«satchel activities set --group GRUPO» sigue otros; el operador los ve con «satchel activity list».',
    },
  },
  'bundle-by-hand': {
    exit: 4,
    en: {
      text: '{id} was installed or changed by hand, and is left alone.',
      hint: 'Move its folder away first; then name it again to install the one that is offered.',
    },
    es: {
      text: '{id} se instaló o cambió a mano, y se deja como está.',
      hint: 'Mueva antes su carpeta a otro lugar; después nómbrelo de nuevo para instalar el que se ofrece.',
    },
  },
  'bundle-folder-taken': {
    exit: 4,
    en: {
      text: '{id} cannot be put in {folder}, which is the folder of {by}.',
      hint: 'Remove one of them with "satchel activities remove ID"; tell the operator, who can give one another folder.',
    },
    es: {
      text: 'No se puede poner {id} en {folder}, que es la carpeta de {by}.',
      hint: 'Quite uno de los dos con «satchel activities remove ID»; avise al operador, que puede dar otra carpeta a uno.',
    },
  },
  'bundle-other-disk': {
    exit: 4,
    en: {
      text: '{id} cannot be put in {folder}: that lies on another disk than {home}/.satchel.',
      hint: 'Bundles are put in place in one step, which works on one disk only. Put a directory in the place of the link, or move the whole home.',
    },
    es: {
      text: 'No se puede poner {id} en {folder}: está en otro disco que {home}/.satchel.',
      hint: 'Los paquetes se ponen en su lugar en un solo paso, lo que solo funciona en un mismo disco. Ponga un directorio en lugar del enlace, o mueva toda la carpeta personal.',
    },
  },
  'bundle-not-installed': {
    exit: 3,
    en: { text: '{id} is not installed.', hint: '"satchel activities list" shows what is.' },
    es: { text: '{id} no está instalado.', hint: '«satchel activities list» muestra lo que hay.' },
  },
  'bundle-nothing-before': {
    exit: 3,
    en: {
      text: 'There is no version before of {id} to go back to.',
      hint: 'Another version that is offered can be had with "satchel activities pin ID VERSION".',
    },
    es: {
      text: 'No hay una versión anterior de {id} a la que volver.',
      hint: 'Otra versión ofrecida se obtiene con «satchel activities pin ID VERSIÓN».',
    },
  },
} as const satisfies MessageSet;
