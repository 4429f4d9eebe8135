/** German: mails, and the pages that they lead to. */
import type { Catalogue } from '../patterns.ts'

export const mails = {
  'Hello,': 'Hallo,',
  'Hello {0},': 'Hallo {0},',
  'Stop these mails': 'Diese E-Mails abbestellen',
  'Starts in {0} days, on {1}.': { one: 'Beginnt in {0} Tag, am {1}.', other: 'Beginnt in {0} Tagen, am {1}.' },
  'Starts today.': 'Beginnt heute.',
  'Should have started on {0}.': 'Hätte am {0} beginnen sollen.',
  'Due in {0} days, on {1}.': { one: 'Fällig in {0} Tag, am {1}.', other: 'Fällig in {0} Tagen, am {1}.' },
  'Due today.': 'Heute fällig.',
  'Overdue by {0} days, since {1}.': {
    one: 'Überfällig seit {0} Tag, seit dem {1}.',
    other: 'Überfällig seit {0} Tagen, seit dem {1}.',
  },
  'you are mentioned': 'Sie wurden erwähnt',
  'assigned to you': 'Ihnen zugewiesen',
  'you are accountable': 'Sie sind verantwortlich',
  'you are watching': 'Sie beobachten es',
  'shared with you': 'mit Ihnen geteilt',
  'Your reminder: {0}': 'Ihre Erinnerung: {0}',
  'Your reminder is due.': 'Ihre Erinnerung ist fällig.',
  '{0} commented: {1}': '{0} hat kommentiert: {1}',
  '{0} created the work package.': '{0} hat das Arbeitspaket erstellt.',
  '{0} changed the work package.': '{0} hat das Arbeitspaket geändert.',
  '{0}Reminder: {1}': '{0}Erinnerung: {1}',
  '{0}{1} mentioned you: {2}': '{0}{1} hat Sie erwähnt: {2}',
  'You asked to be reminded of this work package:': 'Sie wollten an dieses Arbeitspaket erinnert werden:',
  '{0} mentioned you:': '{0} hat Sie erwähnt:',
  'Open the work package': 'Arbeitspaket öffnen',
  'And {0} more work packages.': { one: 'Und {0} weiteres Arbeitspaket.', other: 'Und {0} weitere Arbeitspakete.' },
  '{0} unread notifications': { one: '{0} ungelesene Benachrichtigung', other: '{0} ungelesene Benachrichtigungen' },
  '{0}: {1}': '{0}: {1}',
  'You have {0} unread notifications:': {
    one: 'Sie haben {0} ungelesene Benachrichtigung:',
    other: 'Sie haben {0} ungelesene Benachrichtigungen:',
  },
  'Open the notifications': 'Benachrichtigungen öffnen',
  '[{0}] {1}': '[{0}] {1}',
  Open: 'Öffnen',
  'mails about mentions': 'E-Mails über Erwähnungen',
  'mails about your reminders': 'E-Mails über Ihre Erinnerungen',
  'daily summaries of notifications': 'täglichen Zusammenfassungen der Benachrichtigungen',
  'mails about news': 'E-Mails über Neuigkeiten',
  'mails about comments on news': 'E-Mails über Kommentare zu Neuigkeiten',
  'mails about documents': 'E-Mails über Dokumente',
  'mails about posts in forums': 'E-Mails über Beiträge in Foren',
  'mails about new wiki pages': 'E-Mails über neue Wiki-Seiten',
  'mails about changed wiki pages': 'E-Mails über geänderte Wiki-Seiten',
  'mails about new memberships': 'E-Mails über neue Mitgliedschaften',
  'mails about changed memberships': 'E-Mails über geänderte Mitgliedschaften',
  'Your notification settings ask for {0}.': 'Diese E-Mail gehört zu den von Ihnen gewünschten {0}.',
  'Your registration at {0}': 'Ihre Registrierung bei {0}',
  'The username "{0}" is not available at {1}. Choose another one:':
    'Der Benutzername „{0}“ ist bei {1} nicht verfügbar. Wählen Sie einen anderen:',
  'If you did not register, you can ignore this mail.':
    'Wenn Sie sich nicht registriert haben, können Sie diese E-Mail ignorieren.',
  'Somebody has registered with your e-mail address at {0}. You have an account already; your username is "{1}".':
    'Jemand hat sich mit Ihrer E-Mail-Adresse bei {0} registriert. Sie haben bereits ein Konto; Ihr Benutzername ist „{1}“.',
  'If that was not you, you can ignore this mail. Your account is unchanged.':
    'Wenn Sie das nicht waren, können Sie diese E-Mail ignorieren. Ihr Konto ist unverändert.',
  'Activate your account "{0}" at {1}. You need the password that you have chosen.':
    'Aktivieren Sie Ihr Konto „{0}“ bei {1}. Sie benötigen das Passwort, das Sie gewählt haben.',
  'Activate the account': 'Konto aktivieren',
  'The link works once and expires in three days. If you did not register, you can ignore this mail.':
    'Der Link funktioniert einmal und läuft in drei Tagen ab. Wenn Sie sich nicht registriert haben, können Sie diese E-Mail ignorieren.',
  'Somebody has registered at {0}, and waits for an administrator to activate the account:':
    'Jemand hat sich bei {0} registriert und wartet darauf, dass ein Administrator das Konto aktiviert:',
  'Review registrations': 'Registrierungen prüfen',
  'New registration at {0}': 'Neue Registrierung bei {0}',
  'Open the project': 'Projekt öffnen',
  'Your roles at {0}': 'Ihre Rollen bei {0}',
  '{0} has changed your roles at {1}.': '{0} hat Ihre Rollen bei {1} geändert.',
  '[{0}] You have been added': '[{0}] Sie wurden hinzugefügt',
  '{0} has added you to the project {1}.': '{0} hat Sie zum Projekt {1} hinzugefügt.',
  '[{0}] Your roles have changed': '[{0}] Ihre Rollen haben sich geändert',
  '{0} has changed your roles in the project {1}.': '{0} hat Ihre Rollen im Projekt {1} geändert.',
  'Your account "{0}" at {1} has been activated.': 'Ihr Konto „{0}“ bei {1} wurde aktiviert.',
  'Your account at {0} has been activated': 'Ihr Konto bei {0} wurde aktiviert',
  'You are invited to {0}.': 'Sie sind zu {0} eingeladen.',
  '{0} invites you to {1}.': '{0} lädt Sie zu {1} ein.',
  '{0} has added you to the project {1}, and invites you to {2}.':
    '{0} hat Sie zum Projekt {1} hinzugefügt und lädt Sie zu {2} ein.',
  'Accept the invitation': 'Einladung annehmen',
  'The link works once and expires in {0} days. If you do not want an account, you can ignore this mail.': {
    one: 'Der Link funktioniert einmal und läuft in {0} Tag ab. Wenn Sie kein Konto möchten, können Sie diese E-Mail ignorieren.',
    other:
      'Der Link funktioniert einmal und läuft in {0} Tagen ab. Wenn Sie kein Konto möchten, können Sie diese E-Mail ignorieren.',
  },
  'Invitation to {0}': 'Einladung zu {0}',
  'We received a request to reset the password of your account "{0}" at {1}. Choose a new password here:':
    'Wir wurden gebeten, das Passwort Ihres Kontos „{0}“ bei {1} zurückzusetzen. Wählen Sie hier ein neues Passwort:',
  'The link works once and expires in an hour. If you did not make this request, you can ignore this mail. Your password is unchanged.':
    'Der Link funktioniert einmal und läuft in einer Stunde ab. Wenn Sie nicht darum gebeten haben, können Sie diese E-Mail ignorieren. Ihr Passwort ist unverändert.',
  'Reset your password at {0}': 'Setzen Sie Ihr Passwort bei {0} zurück',
  'The password of your account "{0}" at {1} has been changed.': 'Das Passwort Ihres Kontos „{0}“ bei {1} wurde geändert.',
  'If you made this change, you can ignore this mail. Otherwise, choose a new password at once:':
    'Wenn Sie das waren, können Sie diese E-Mail ignorieren. Wählen Sie andernfalls sofort ein neues Passwort:',
  'If you made this change, you can ignore this mail. Otherwise, contact an administrator at once.':
    'Wenn Sie das waren, können Sie diese E-Mail ignorieren. Wenden Sie sich andernfalls sofort an einen Administrator.',
  'Your password at {0} has been changed': 'Ihr Passwort bei {0} wurde geändert',
  'The e-mail address of your account "{0}" at {1} has been changed. This address receives no further mails.':
    'Die E-Mail-Adresse Ihres Kontos „{0}“ bei {1} wurde geändert. Diese Adresse erhält keine weiteren E-Mails.',
  'If you did not request this change, contact an administrator at once.':
    'Wenn Sie diese Änderung nicht veranlasst haben, wenden Sie sich sofort an einen Administrator.',
  'Your e-mail address at {0} has been changed': 'Ihre E-Mail-Adresse bei {0} wurde geändert',
  'The two-factor authentication of your account "{0}" at {1} has been changed: an authenticator app, a passkey or the recovery codes.':
    'Die Zwei-Faktor-Authentifizierung Ihres Kontos „{0}“ bei {1} wurde geändert: eine Authenticator-App, ein Passkey oder die Wiederherstellungscodes.',
  'If you made this change, you can ignore this mail. Otherwise, change your password and check your second factors, or contact an administrator at once.':
    'Wenn Sie das waren, können Sie diese E-Mail ignorieren. Ändern Sie andernfalls Ihr Passwort und prüfen Sie Ihre zweiten Faktoren, oder wenden Sie sich sofort an einen Administrator.',
  'Check the second factors': 'Zweite Faktoren prüfen',
  'Your two-factor authentication at {0} has been changed': 'Ihre Zwei-Faktor-Authentifizierung bei {0} wurde geändert',
  'News "{0}" added': 'Neuigkeit „{0}“ hinzugefügt',
  'Document "{0}" added': 'Dokument „{0}“ hinzugefügt',
  'Wiki page "{0}" added': 'Wiki-Seite „{0}“ hinzugefügt',
  'Wiki page "{0}" updated': 'Wiki-Seite „{0}“ geändert',
  'Post "{0}" added': 'Beitrag „{0}“ hinzugefügt',
  'You are invited to the meeting "{0}".': 'Sie sind zur Besprechung „{0}“ eingeladen.',
  'The meeting "{0}" has changed.': 'Die Besprechung „{0}“ hat sich geändert.',
  'You are no longer invited to the meeting "{0}".': 'Sie sind nicht mehr zur Besprechung „{0}“ eingeladen.',
  'The meeting "{0}" has been cancelled.': 'Die Besprechung „{0}“ wurde abgesagt.',
  'Invitation: {0}': 'Einladung: {0}',
  'Meeting changed: {0}': 'Besprechung geändert: {0}',
  'Invitation withdrawn: {0}': 'Einladung zurückgezogen: {0}',
  'Meeting cancelled: {0}': 'Besprechung abgesagt: {0}',
  From: 'Von',
  To: 'Bis',
  'Open the meeting': 'Besprechung öffnen',
  'The project {0} has been deleted.': 'Das Projekt {0} wurde gelöscht.',
  'The project "{0}", its subprojects and all that was in them have been deleted, as you asked.':
    'Das Projekt „{0}“, seine Unterprojekte und alles darin wurden gelöscht, wie von Ihnen gewünscht.',
  'A mail with a link to activate your account is on its way, if the username and the e-mail address can be used.':
    'Eine E-Mail mit einem Link zum Aktivieren Ihres Kontos ist unterwegs, sofern der Benutzername und die E-Mail-Adresse verwendet werden können.',
  'An administrator has to activate your account before you can sign in.':
    'Ein Administrator muss Ihr Konto aktivieren, bevor Sie sich anmelden können.',
  'You can sign in in a moment, if the username and the e-mail address can be used.':
    'Sie können sich gleich anmelden, sofern der Benutzername und die E-Mail-Adresse verwendet werden können.',
  'Create an account': 'Konto erstellen',
  'This server cannot send the mail that activates an account. Ask an administrator for an account.':
    'Dieser Server kann die E-Mail nicht senden, die ein Konto aktiviert. Bitten Sie einen Administrator um ein Konto.',
  'Create account': 'Konto erstellen',
  'This field is required.': 'Dieses Feld ist erforderlich.',
  'This value is not valid.': 'Dieser Wert ist ungültig.',
  '<a href="/login">Sign in</a>, or ask an administrator to invite you once more.':
    '<a href="/login">Melden Sie sich an</a>, oder bitten Sie einen Administrator um eine neue Einladung.',
  'Welcome to {0}': 'Willkommen bei {0}',
  'Your username is <strong>{0}</strong>.': 'Ihr Benutzername ist <strong>{0}</strong>.',
  'Activate your account': 'Aktivieren Sie Ihr Konto',
  'Account: <strong>{0}</strong>. Enter the password that you have chosen.':
    'Konto: <strong>{0}</strong>. Geben Sie das Passwort ein, das Sie gewählt haben.',
  Activate: 'Aktivieren',
  'The password is incorrect.': 'Das Passwort ist falsch.',
  Registrations: 'Registrierungen',
  'The account has been activated.': 'Das Konto wurde aktiviert.',
  'The registration has been rejected, and its account deleted.': 'Die Registrierung wurde abgelehnt und ihr Konto gelöscht.',
  'No account waits for activation.': 'Kein Konto wartet auf Aktivierung.',
  Registered: 'Registriert',
  'Activate<span class="unseen"> {0}</span>': 'Aktivieren<span class="unseen"> {0}</span>',
  'Reject<span class="unseen"> {0}</span>': 'Ablehnen<span class="unseen"> {0}</span>',
  'The link is not valid. Nothing was changed.': 'Der Link ist ungültig. Es wurde nichts geändert.',
  'Open the link at the end of the latest mail, or change your notification settings.':
    'Öffnen Sie den Link am Ende der neuesten E-Mail, oder ändern Sie Ihre Benachrichtigungseinstellungen.',
  'Stop mails': 'E-Mails abbestellen',
  '{0} sends you {1}.': '{0} sendet Ihnen {1}.',
  'Mails stopped': 'E-Mails abbestellt',
  'You receive no more {0}. You can change this in your notification settings.':
    'Sie erhalten keine {0} mehr. Sie können das in Ihren Benachrichtigungseinstellungen ändern.',
  'This server cannot send mails. Ask an administrator for a new password.':
    'Dieser Server kann keine E-Mails senden. Bitten Sie einen Administrator um ein neues Passwort.',
  'Administrators create one with <code>halyard user reset-password</code>.':
    'Administratoren erstellen eines mit <code>halyard user reset-password</code>.',
  'to create an account': 'ein Konto zu erstellen',
  'to activate this account': 'dieses Konto zu aktivieren',
  'must be a number from 0 to {0}': 'muss eine Zahl von 0 bis {0} sein',
  'Current address: <strong>{0}</strong>.': 'Aktuelle Adresse: <strong>{0}</strong>.',
  'We notify this address of the change.': 'Wir benachrichtigen diese Adresse über die Änderung.',
  'Test mail from {0}': 'Testmail von {0}',
  'This mail was sent by "halyard mail test". If you can read it, the mail server works.':
    'Diese E-Mail wurde von „halyard mail test“ gesendet. Wenn Sie sie lesen können, funktioniert der Mailserver.',
} as const satisfies Partial<Catalogue>
