import type { Message, MessageSet } from '../message.ts';

function words(en: string, es: string): Message {
  return { en: { text: en }, es: { text: es } };
}

/** What places say that hand out activities, beside what repositories hold. */
export const activitiesServerMessages = {
  'activities-local-title': words('Activities of this place', 'Actividades de este lugar'),
  'activities-local-about': words(
    'Brought here by a stick or by hand. Nobody has signed them.',
    'Llegaron por una memoria USB o a mano. Nadie las ha firmado.',
  ),
  'activities-local-refused': {
    en: {
      text: '{file} is not offered to anybody: {reason}',
      hint: 'Take it away, or put a sound bundle in its place.',
    },
    es: {
      text: '{file} no se ofrece a nadie: {reason}',
      hint: 'Retírelo, o ponga en su lugar un paquete sano.',
    },
  },
  'activities-rsync-failed': words(
    'The rsync module "activities" stays as it is: {reason}',
    'El módulo rsync «activities» queda como está: {reason}',
  ),
  'activities-rsync-without': words(
    'The rsync module "activities" goes without one of its files: {reason}',
    'El módulo rsync «activities» queda sin uno de sus archivos: {reason}',
  ),
  'answer-no-room': words(
    'There is no room here to make this file of what is stored. Whoever looks after the server can make some.',
    'Aquí no hay espacio para crear este archivo con lo que está guardado. Quien cuida el servidor puede hacerlo.',
  ),
  'answer-file-too-large': words(
    'This is too large to be handed out here as one file. Machines with Satchel get it by "satchel activities update".',
    'Esto es demasiado grande para entregarlo aquí como un solo archivo. Los equipos con Satchel lo reciben con «satchel activities update».',
  ),
  'rsync-comment-activities': words(
    'activities for Sugar, for everybody',
    'actividades para Sugar, para todos',
  ),
} as const satisfies MessageSet;
