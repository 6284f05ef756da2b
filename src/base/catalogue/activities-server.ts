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
  'rsync-comment-activities': words(
    'activities for Sugar, for everybody',
    'actividades para Sugar, para todos',
  ),
} as const satisfies MessageSet;
