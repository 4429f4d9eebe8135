/** The patterns of all messages. Written by `npm run messages` from the sources; not to be edited. */

/** A pattern in another language, or its forms for counts, by the names that `Intl.PluralRules` has for them. */
export type Translation = string | (Partial<Record<Intl.LDMLPluralRule, string>> & { readonly other: string })

/** What a language needs: each pattern's translation. */
export interface Catalogue {
  '% Complete': Translation
  '(current session)': Translation
  '<strong>File</strong> <strike><i>{0}</i></strike> deleted': Translation
  '<strong>File</strong> {0} added': Translation
  '<strong>{0}</strong> activated': Translation
  '<strong>{0}</strong> changed (<a href="{1}">Details</a>)': Translation
  '<strong>{0}</strong> changed from <i>{1}</i> <strong>to</strong> <i>{2}</i>': Translation
  '<strong>{0}</strong> deactivated': Translation
  '<strong>{0}</strong> deleted (<a href="{1}">Details</a>)': Translation
  '<strong>{0}</strong> deleted (<strike><i>{1}</i></strike>)': Translation
  '<strong>{0}</strong> set (<a href="{1}">Details</a>)': Translation
  '<strong>{0}</strong> set to <i>{1}</i>': Translation
  'A name cannot be written: it is made of the first and the last name.': Translation
  'A passkey signs you in without a password. Your phone, computer or security key verifies your identity. Once you have a passkey, your password alone no longer signs you in.': Translation
  'A recovery code replaces a lost app or passkey. {0}': Translation
  'A required property is missing.': Translation
  Access: Translation
  'Access denied': Translation
  'Access to anything in project': Translation
  'Account: <strong>{0}</strong>{1}.': Translation
  Accountable: Translation
  Actions: Translation
  Active: Translation
  Activity: Translation
  Actor: Translation
  Added: Translation
  'Adding a passkey requires JavaScript.': Translation
  Administrator: Translation
  'Also project member': Translation
  'An authenticator app on your phone generates codes. Signing in then requires a code in addition to your password.': Translation
  'An internal error has occurred.': Translation
  Ancestor: Translation
  'Another server has not found what this request needs.': Translation
  'Another server refuses what this request needs.': Translation
  'Another server that this request needs did not respond.': Translation
  'Any name attribute': Translation
  'Any program on a device can claim to be {0}. Authorise it only if you started this request yourself.': Translation
  Application: Translation
  'Application password': Translation
  Ascending: Translation
  'Assigned to role': Translation
  Assignee: Translation
  'Assignee or group': Translation
  'Attachment content': Translation
  'Attachment file name': Translation
  Attachments: Translation
  'Attended users': Translation
  Attribute: Translation
  'Attribute caption': Translation
  'Attribute field name': Translation
  'Authentication method': Translation
  'Authenticator app': Translation
  Author: Translation
  'Author name': Translation
  'Author or time of creation given by an administrator': Translation
  Authorise: Translation
  'Authorise {0}?': Translation
  Authorised: Translation
  'Authorization code': Translation
  'Auto hide popups': Translation
  'Availability factor': Translation
  Avatar: Translation
  'Back to access tokens': Translation
  'Back to all applications': Translation
  'Back to sign-in': Translation
  'Bad request: {0}': Translation
  Blocked: Translation
  Blocks: Translation
  'Browse the API': Translation
  Browser: Translation
  Budget: Translation
  Cancel: Translation
  Caption: Translation
  Category: Translation
  'Change e-mail address': Translation
  'Change password': Translation
  'Changed because the status was changed by an administrator': Translation
  'Changed by an update of the system': Translation
  'Changed by the system': Translation
  'Changing the password ends all your other sessions.': Translation
  Children: Translation
  'Client ID': Translation
  'Client id': Translation
  'Client secret': Translation
  'Client type': Translation
  Color: Translation
  Column: Translation
  Columns: Translation
  Comment: Translation
  'Comment sort descending': Translation
  'Completed at': Translation
  Confidential: Translation
  Configured: Translation
  Confirm: Translation
  'Confirm your identity at /confirm and try again.': Translation
  'Connect<span class="unseen"> {0}</span>': Translation
  Connected: Translation
  'Contact the operator of the application.': Translation
  Container: Translation
  Content: Translation
  'Content type': Translation
  Continue: Translation
  'Copy the client secret now. It is not shown again.': Translation
  'Copy the code into the application. It works once and expires in ten minutes.': Translation
  'Copy the token now. It is not shown again.': Translation
  Create: Translation
  'Create a token': Translation
  Created: Translation
  'Created on': Translation
  Creator: Translation
  'Current address: <strong>{0}</strong>. We notify this address of the change.': Translation
  'Current password': Translation
  'Custom actions': Translation
  'Daily reminders': Translation
  Date: Translation
  'Dates changed because the working days changed': Translation
  'Dates changed by changes to {0}': Translation
  'Dates interval': Translation
  Default: Translation
  'Default assignee': Translation
  'Default done ratio': Translation
  Definition: Translation
  'Delete {0}': Translation
  'Deleting <strong>{0}</strong> revokes all its tokens and the consent of all its users. This cannot be undone.': Translation
  Deny: Translation
  Depth: Translation
  'Derived finish date': Translation
  'Derived start date': Translation
  Descending: Translation
  Description: Translation
  Details: Translation
  Digest: Translation
  'Disable keyboard shortcuts': Translation
  'Disconnect<span class="unseen"> {0}</span>': Translation
  'Display mode': Translation
  'Display representation': Translation
  'Drive ID': Translation
  Duplicated: Translation
  Duplicates: Translation
  Duration: Translation
  'Duration in minutes': Translation
  'E-mail address': Translation
  Email: Translation
  End: Translation
  'End all other sessions': Translation
  'End date': Translation
  'End the session of {0}, started {1}': Translation
  'End time': Translation
  'Enter the e-mail address of your account to receive a link for choosing a new password.': Translation
  'Entity id': Translation
  'Entity type': Translation
  'Excluded from totals': Translation
  Expires: Translation
  Favorite: Translation
  Favorited: Translation
  'File name': Translation
  'File size': Translation
  'File {0} added': Translation
  'File {0} deleted': Translation
  Filter: Translation
  Filters: Translation
  'Finish date': Translation
  'Finish gate': Translation
  'Finish gate name': Translation
  'First name': Translation
  'Fixed date': Translation
  Follows: Translation
  'Forbidden file name characters': Translation
  'Forgot your password?': Translation
  'Formatted identifier': Translation
  'Formatted weight': Translation
  Forum: Translation
  'Friday hours': Translation
  'Go to the home page': Translation
  'Go to {0}': Translation
  Grantable: Translation
  'Grantable in': Translation
  Group: Translation
  'Group by': Translation
  'Has application password': Translation
  'Help text': Translation
  Hidden: Translation
  'Highlighted attributes': Translation
  'Highlighting mode': Translation
  Hours: Translation
  ID: Translation
  Identifier: Translation
  'Identity url': Translation
  'If the server is not set up yet, restart it to print a new link. Otherwise, <a href="/login">sign in</a>.': Translation
  'If you have lost your app or your passkeys, set up new ones in your account, under {0}. If somebody else used the code, do so at once and change your password.': Translation
  'If you lose your app or your passkeys, sign in with a recovery code instead. Each code works once. Print the codes or store them in a password manager. They are not shown again.': Translation
  'Ignore non-working days': Translation
  'Immediate reminders': Translation
  Imported: Translation
  'Include subprojects': Translation
  Includes: Translation
  Integration: Translation
  Internal: Translation
  'Internal mentionable on work package': Translation
  'Invalid authorization request': Translation
  'Invalid request': Translation
  'Invited users': Translation
  Involved: Translation
  'Is active': Translation
  'Is closed': Translation
  'Is default': Translation
  'Is milestone': Translation
  'Is readonly': Translation
  Label: Translation
  Lag: Translation
  Language: Translation
  'Last name': Translation
  'Last reply': Translation
  'Last seen': Translation
  'Last used': Translation
  'Latest activity at': Translation
  Location: Translation
  'Lock version': Translation
  Locked: Translation
  'Logged for': Translation
  'Manage access': Translation
  'Manual scheduling': Translation
  'Manual sort': Translation
  Meeting: Translation
  Member: Translation
  'Member of': Translation
  'Member of group': Translation
  Members: Translation
  'Mentionable on work package': Translation
  Menu: Translation
  Message: Translation
  'Monday hours': Translation
  'Multiple field constraints have been violated.': Translation
  Name: Translation
  'Name and identifier': Translation
  'No authorization code': Translation
  'No sign-in method is enabled. Contact an administrator.': Translation
  'Not found': Translation
  Note: Translation
  Notes: Translation
  Notifications: Translation
  Number: Translation
  'Number of columns': Translation
  'Number of rows': Translation
  'OAuth 2.0 applications act on behalf of the users who authorise them. Users can revoke the access at any time.': Translation
  'OAuth application': Translation
  'OAuth client credentials': Translation
  'One URI per line. A request must repeat one of them exactly. <code>{0}</code> shows users a code to copy instead.': Translation
  Ongoing: Translation
  'Only project member': Translation
  'Only subproject': Translation
  Operator: Translation
  Options: Translation
  'Ordered work packages': Translation
  Origin: Translation
  'Origin data': Translation
  Owner: Translation
  Page: Translation
  Parent: Translation
  Partof: Translation
  Passkeys: Translation
  Password: Translation
  'Pause reminders': Translation
  'Planned costs': Translation
  'Planned labor costs': Translation
  'Planned labour': Translation
  'Planned material': Translation
  'Planned material costs': Translation
  'Planned time': Translation
  Position: Translation
  Precedes: Translation
  Presenter: Translation
  Principal: Translation
  'Principal type': Translation
  Priority: Translation
  'Programs send it with each request in the header <code>Authorization: Bearer …</code>': Translation
  'Programs use these tokens to call the API on your behalf.': Translation
  'Progress recalculated: it now follows the status': Translation
  Project: Translation
  'Project folder': Translation
  'Project folder mode': Translation
  'Project phase': Translation
  'Project phase definition': Translation
  'Project status code': Translation
  Projects: Translation
  Public: Translation
  Query: Translation
  Read: Translation
  Reason: Translation
  'Recovery codes': Translation
  Register: Translation
  'Register an application': Translation
  Relatable: Translation
  Relates: Translation
  'Remaining work': Translation
  Remindable: Translation
  Remove: Translation
  'Remove {0}': Translation
  'Replies count': Translation
  'Request a new link': Translation
  Required: Translation
  Requires: Translation
  Resource: Translation
  'Resource type': Translation
  'Resource version': Translation
  'Reverse type': Translation
  Revoke: Translation
  'Revoke {0}': Translation
  'Revoke<span class="unseen"> {0}</span>': Translation
  Role: Translation
  Roles: Translation
  'Saturday hours': Translation
  Save: Translation
  'Save password': Translation
  'Scan the QR code with an authenticator app on your phone, or enter the key:': Translation
  Scope: Translation
  Scopes: Translation
  Search: Translation
  'Send link': Translation
  'Send notifications': Translation
  'Server error': Translation
  'Service unavailable': Translation
  'Set up': Translation
  'Set up on {0}. Signing in requires a code from the app.': Translation
  Settings: Translation
  'Shared with me': Translation
  'Shared with user': Translation
  Sharing: Translation
  Short: Translation
  'Sign in': Translation
  'Sign in to {0}': Translation
  'Sign in with {0}': Translation
  'Sign out': Translation
  'Sign out of {0}?': Translation
  'Sort by': Translation
  'Spent time': Translation
  Sprint: Translation
  Starred: Translation
  Start: Translation
  'Start date': Translation
  'Start gate': Translation
  'Start gate name': Translation
  'Start time': Translation
  Started: Translation
  'Started at': Translation
  State: Translation
  Status: Translation
  'Status changed because {0} was closed': Translation
  'Status explanation': Translation
  Sticky: Translation
  Storage: Translation
  'Storage audience': Translation
  'Storages with single sign-on share one connection: to disconnect one disconnects all, until you sign in again.': Translation
  Subject: Translation
  'Subject or id': Translation
  'Subproject id': Translation
  'Subproject of': Translation
  Summary: Translation
  Sums: Translation
  'Sunday hours': Translation
  Templated: Translation
  'Tenant ID': Translation
  Text: Translation
  'The API is at /api/v3.': Translation
  'The application was not authorised. You can close this page.': Translation
  'The change has been saved. All your other sessions have ended.': Translation
  'The code cannot be used again. {0}': Translation
  'The content type is not supported here.': Translation
  'The context does not point to a resource that texts can be rendered for.': Translation
  'The link has expired or has already been used. Nothing was changed.': Translation
  'The link points to a resource of the wrong kind.': Translation
  'The meeting is closed: open it again before you change its agenda.': Translation
  'The next step affects the security of the account of <strong>{0}</strong>.': Translation
  'The property was attempted to be written but is not writable.': Translation
  'The query parameters are not valid.': Translation
  'The relation you are looking for cannot be found or has been deleted.': Translation
  'The request body is not a single JSON object.': Translation
  'The request is malformed.': Translation
  'The requested resource could not be found.': Translation
  'The resource does not support this method.': Translation
  'The resource was changed in the meantime. Fetch it again and repeat the change on the new version.': Translation
  'The select parameter names something that cannot be selected.': Translation
  'The selected work package': Translation
  'The server cannot process the application’s request: {0}.': Translation
  'The server is busy. Try again in a few seconds.': Translation
  'The token has the scope {0}; this request requires {1}.': Translation
  'The token lacks the required scope.': Translation
  'The user cannot change from the current status to that one.': Translation
  'The value has the wrong format.': Translation
  'The value violates a constraint.': Translation
  'The work package you are looking for cannot be found or has been deleted.': Translation
  'There are no applications yet.': Translation
  'There are no file storages that you can connect to.': Translation
  'There is not enough storage space.': Translation
  'These applications can act on your behalf.': Translation
  'This server reads and writes files in these storages on your behalf once your account is connected.': Translation
  'This server requires two-factor authentication. Set up an authenticator app to continue.': Translation
  'Thursday hours': Translation
  Time: Translation
  'Time zone': Translation
  'Timeline labels': Translation
  'Timeline visible': Translation
  'Timeline zoom level': Translation
  Timestamps: Translation
  Title: Translation
  'Token exchange scope': Translation
  'Too many attempts. Try again later.': Translation
  'Too many requests': Translation
  'Total % complete': Translation
  'Total remaining work': Translation
  'Total work': Translation
  'Totals recalculated: they are now weighted by work': Translation
  'Tuesday hours': Translation
  Type: Translation
  'Type id': Translation
  Typeahead: Translation
  Undisclosed: Translation
  Unit: Translation
  'Updated on': Translation
  'Use a recovery code': Translation
  'Use another method': Translation
  'Use one of your passkeys or a recovery code.': Translation
  User: Translation
  'User action': Translation
  Username: Translation
  'Valid from': Translation
  Value: Translation
  Values: Translation
  Version: Translation
  Visible: Translation
  'Warn on leaving unsaved': Translation
  Watcher: Translation
  'Wednesday hours': Translation
  Weight: Translation
  'Welcome. Set up the first administrator. The link expires when you finish.': Translation
  Widgets: Translation
  'Wiki page': Translation
  'With two-factor authentication, your password alone does not give access to your account.{0}': Translation
  Work: Translation
  'Work package': Translation
  Workdays: Translation
  'Workspace type': Translation
  'You are not authorized to access this resource.': Translation
  'You are signed in': Translation
  'You are signed in as <strong>{0}</strong>.': Translation
  'You are signed in to {0} as <strong>{1}</strong> ({2}). <a href="/logout">Switch account</a>': Translation
  'You are signed in with these browsers. If you do not recognise one, end its session and change your password.': Translation
  'You have no access tokens.': Translation
  'You have not authorised any applications.': Translation
  'You need to be authenticated to access this resource.': Translation
  'You will be redirected to <strong>{0}</strong>.': Translation
  'You will be redirected to a program on this device (<strong>{0}</strong>).': Translation
  'You will be redirected to an app on this device that handles <strong>{0}</strong> links.': Translation
  'You will receive a code to copy into the application.': Translation
  'Your account has no password on this server.': Translation
  'Your account has no password on this server. Sign out and sign in again to continue.': Translation
  'Your account is connected to {0}. You can close this page.': Translation
  'Your identity provider manages your name and your e-mail address. Change them there.': Translation
  'another work package': Translation
  child: Translation
  duplicate: Translation
  parent: Translation
  predecessor: Translation
  related: Translation
  'was attempted to be written but is not writable': Translation
  '{0} #{1}': Translation
  '{0} ({1})': Translation
  '{0} activated': Translation
  '{0} changed': Translation
  '{0} changed from {1} to {2}': Translation
  '{0} client, <strong>{1}</strong>. Client ID:': Translation
  '{0} days': Translation
  '{0} deactivated': Translation
  '{0} deleted': Translation
  '{0} deleted ({1})': Translation
  '{0} requests:': Translation
  '{0} set': Translation
  '{0} set to {1}': Translation
  '{0} {1} <a class="button danger" href="{2}/delete">Delete</a>': Translation
  '{0} {1}.': Translation
  '{0} – {1}': Translation
  '{0}/{1}/{2}': Translation
}

export type Pattern = keyof Catalogue
