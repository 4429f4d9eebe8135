/** German. */
import type { Catalogue } from './patterns.ts'

export const de: Partial<Catalogue> = {
  'The request is malformed.': 'Die Anfrage ist fehlerhaft.',
  'The query parameters are not valid.': 'Die Parameter der Anfrage sind ungültig.',
  'The request body is not a single JSON object.': 'Der Inhalt der Anfrage ist kein einzelnes JSON-Objekt.',
  'The select parameter names something that cannot be selected.':
    'Der Parameter select nennt etwas, das nicht ausgewählt werden kann.',
  'The context does not point to a resource that texts can be rendered for.':
    'Der Kontext verweist auf keine Ressource, für die Texte dargestellt werden können.',
  'The user cannot change from the current status to that one.':
    'Der Benutzer kann vom aktuellen Status nicht in diesen wechseln.',
  'You need to be authenticated to access this resource.': 'Sie müssen angemeldet sein, um auf diese Ressource zuzugreifen.',
  'You are not authorized to access this resource.': 'Sie sind nicht berechtigt, auf diese Ressource zuzugreifen.',
  'The token lacks the required scope.': 'Dem Token fehlt der nötige Geltungsbereich.',
  'The requested resource could not be found.': 'Die angeforderte Ressource wurde nicht gefunden.',
  'The resource does not support this method.': 'Die Ressource unterstützt diese Methode nicht.',
  'The resource was changed in the meantime. Fetch it again and repeat the change on the new version.':
    'Die Ressource wurde zwischenzeitlich geändert. Rufen Sie sie erneut ab und wiederholen Sie die Änderung an der neuen Fassung.',
  'The content type is not supported here.': 'Dieser Inhaltstyp wird hier nicht unterstützt.',
  'The value violates a constraint.': 'Der Wert verletzt eine Bedingung.',
  'The property was attempted to be written but is not writable.':
    'Es wurde versucht, die Eigenschaft zu schreiben, sie ist jedoch nicht schreibbar.',
  'The value has the wrong format.': 'Der Wert hat das falsche Format.',
  'A required property is missing.': 'Eine erforderliche Eigenschaft fehlt.',
  'The link points to a resource of the wrong kind.': 'Der Link verweist auf eine Ressource der falschen Art.',
  'Multiple field constraints have been violated.': 'Mehrere Bedingungen für Felder sind verletzt.',
  'Too many attempts. Try again later.': 'Zu viele Versuche. Versuchen Sie es später erneut.',
  'Another server that this request needs did not respond.':
    'Ein anderer Server, den diese Anfrage benötigt, hat nicht geantwortet.',
  'Another server has not found what this request needs.': 'Ein anderer Server hat nicht gefunden, was diese Anfrage benötigt.',
  'Another server refuses what this request needs.': 'Ein anderer Server verweigert, was diese Anfrage benötigt.',
  'An internal error has occurred.': 'Ein interner Fehler ist aufgetreten.',
  'The server is busy. Try again in a few seconds.': 'Der Server ist ausgelastet. Versuchen Sie es in einigen Sekunden erneut.',
  'There is not enough storage space.': 'Der Speicherplatz reicht nicht aus.',
  'Bad request: {0}': 'Fehlerhafte Anfrage: {0}',
  'The token has the scope {0}; this request requires {1}.':
    'Das Token hat den Geltungsbereich {0}; diese Anfrage erfordert {1}.',
  'was attempted to be written but is not writable': 'sollte geschrieben werden, ist aber nicht schreibbar',
  '{0} {1}.': '{0} {1}.',
  'Sign in': 'Anmelden',
  'Sign out': 'Abmelden',
  'First name': 'Vorname',
  'Last name': 'Nachname',
  Subject: 'Thema',
}
