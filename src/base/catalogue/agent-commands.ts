import type { Message, MessageSet } from '../message.ts';

function words(en: string, es: string): Message {
  return { en: { text: en }, es: { text: es } };
}

/** What the commands of the agent say in the help and as results. */
export const agentCommandsMessages = {
  'help-agent': words('look after this device until stopped', 'cuida este equipo hasta que se detenga'),
  'help-agent-once': words('do what is due now, and end', 'hace lo que toca ahora y termina'),
  'help-agent-set': words('change what the agent does and when', 'cambia qué hace el agente y cuándo'),
  'help-agent-status': words('show what the agent knows', 'muestra lo que sabe el agente'),
  'help-olpc-update-query': words(
    'ask for a lease and an update when it is time',
    'pregunta por permiso y actualización cuando toca',
  ),
  'option-agent-now': words('ask whether or not it is time', 'pregunta aunque no sea hora'),
  'option-agent-updates': words('off: look after leases only', 'off: solo se ocupa de los permisos'),
  'option-agent-activities': words(
    'off: leave the activities in the homes alone',
    'off: deja en paz las actividades de las carpetas personales',
  ),
  'option-agent-fetch-hours': words(
    'hours for fetching, such as 22:00-06:00',
    'horas para recibir, como 22:00-06:00',
  ),
  'option-agent-switch-hours': words(
    'hours in which the next start gets what was fetched',
    'horas en que el próximo arranque recibe lo recibido',
  ),
  'option-agent-days': words('days of these hours, such as mon-fri', 'días de esas horas, como mon-fri'),
  'option-agent-restart': words(
    'on: restart by itself after a switch, in its hours',
    'on: reinicia solo tras el cambio, en su horario',
  ),
  'option-agent-set-clock': words(
    'on: set a clock that is behind by the signed time of a server',
    'on: pone en hora un reloj atrasado con la hora firmada de un servidor',
  ),
  'option-agent-battery': words(
    'percent that a battery must hold without mains power',
    'porcentaje mínimo de la batería sin corriente',
  ),
  'option-agent-metered': words(
    'whether the link costs money; auto asks NetworkManager',
    'si el enlace cuesta dinero; auto pregunta a NetworkManager',
  ),
  'option-agent-limit-rate': words('most bytes a second', 'bytes por segundo como máximo'),
  'option-agent-warn-days': words(
    'warn so many days before the lease ends',
    'avisa tantos días antes del fin del permiso',
  ),
  'option-agent-notify': words(
    'how people are told: wall, off, or a program',
    'cómo se avisa: wall, off o un programa',
  ),
  'option-agent-server': words(
    'a theft-deterrence server; may be repeated',
    'un servidor antirrobo; se puede repetir',
  ),
  'option-agent-lease-key': words(
    'a public key that may sign leases; may be repeated',
    'una clave pública que firma permisos; se puede repetir',
  ),
  'option-agent-oats-key': words(
    'a public key that may sign servers’ answers; may be repeated',
    'una clave pública que firma respuestas; se puede repetir',
  ),
  'result-agent-running': words('The agent looks after {root}.', 'El agente cuida {root}.'),
  'result-agent-asked': words('Asked.', 'Se preguntó.'),
  'result-agent-not-yet': words(
    'Nothing was asked; the next time in {wait}.',
    'No se preguntó nada; la próxima vez en {wait}.',
  ),
  'result-agent-server': words('{server} answered.', '{server} respondió.'),
  'result-agent-lease-stored': words('A new lease was stored.', 'Se guardó un permiso nuevo.'),
  'result-agent-lease-kept': words(
    'The lease that is here is as good.',
    'El permiso que hay es igual de bueno.',
  ),
  'result-agent-lease-refused': words('The lease that came was refused.', 'Se rechazó el permiso que llegó.'),
  'result-agent-lease-ends': words('The lease ends: {ends}', 'El permiso termina: {ends}'),
  'result-agent-stolen': words('This device is marked as stolen.', 'Este equipo está marcado como robado.'),
  'result-agent-update-current': words(
    '{build} is what this device is to run.',
    '{build} es lo que debe usar este equipo.',
  ),
  'result-agent-update-switched': words(
    '{build} is what starts next.',
    '{build} es lo que arranca la próxima vez.',
  ),
  'result-agent-update-ready': words('{build} is here and waits.', '{build} está aquí y espera.'),
  'result-agent-update-later': words('{build} waits.', '{build} espera.'),
  'result-agent-activities-current': words('{home}: activities are current.', '{home}: actividades al día.'),
  'result-agent-activities-updated': words('{home}: {bundles} brought.', '{home}: se trajeron {bundles}.'),
  'result-agent-activities-later': words(
    '{home}: activities wait for a better moment.',
    '{home}: las actividades esperan un momento mejor.',
  ),
  'result-agent-activities-failed': words(
    '{home}: activities were not brought.',
    '{home}: no se trajeron las actividades.',
  ),
  'result-agent-restarting': words('The machine restarts now.', 'El equipo se reinicia ahora.'),
  'result-agent-status': words(
    'last answer {last}, next question in {wait}, {failures} failures',
    'última respuesta {last}, próxima pregunta en {wait}, {failures} fallos',
  ),
  'result-agent-keys': words(
    'keys: {lease} for leases, {oats} for answers',
    'claves: {lease} para permisos, {oats} para respuestas',
  ),
  'result-agent-later': words(
    '{build} waits since {since}: {because}',
    '{build} espera desde {since}: {because}',
  ),
  'result-agent-settings': words(
    'updates {updates}; activities {activities}; fetch {fetch}; switch {switch}; days {days}; restart {restart}; battery {battery} %; metered {metered}',
    'actualizaciones {updates}; actividades {activities}; recibir {fetch}; cambiar {switch}; días {days}; reinicio {restart}; batería {battery} %; con costo {metered}',
  ),
  'result-agent-settings-people': words(
    'warn {days} days before the end of the lease, by {notify}; servers: {servers}',
    'avisar {days} días antes del fin del permiso, con {notify}; servidores: {servers}',
  ),
} as const satisfies MessageSet;
