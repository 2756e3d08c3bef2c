/** `user`: who may sign in to the console. */
import { Argument, type Command, Option } from 'commander';
import { ROLES, type Role } from '../../accounts/actor.ts';
import type { UserView } from '../../services/account-views.ts';
import { printUser } from '../accounts/print-accounts.ts';
import { type AskOptions, ask, askingCommand, askList } from '../ask.ts';

interface RoleOptions extends AskOptions {
  readonly role: Role;
}

export function addUserCommands(program: Command): void {
  const user = program.command('user').description('who may sign in to the console');
  askingCommand(
    user,
    'list',
    'all users, their roles, and when they last signed in',
    ['gluewall user list', 'gluewall user list --json'],
    { isDefault: true },
  ).action((options: AskOptions) =>
    askList<UserView>(
      options,
      { operation: 'user list' },
      printUser,
      'there are no users: `gluewall console setup-link` makes the first administrator',
    ),
  );
  askingCommand(user, 'add <name>', 'make a user; the password is asked, or is the first line of standard input', [
    'gluewall user add ann --role analyst',
    'gluewall user add ann --role analyst < password.txt',
  ])
    .addOption(roleOption())
    .action(async (name: string, { role, ...options }: RoleOptions) => {
      const { readNewPassword } = await import('../accounts/read-password.ts');
      const password = await readNewPassword(name);
      await ask<UserView>(options, { operation: 'user add', name, role, password }, (view) => [
        `${view.name} may sign in as ${view.role}`,
      ]);
    });
  addChanges(user);
}

function addChanges(user: Command): void {
  askingCommand(user, 'role <name>', 'give a user another role; his sessions and tokens end', [
    'gluewall user role ann admin',
  ])
    .addArgument(new Argument('<role>', 'what he may').choices(ROLES))
    .action((name: string, role: Role, options: AskOptions) =>
      ask<UserView>(options, { operation: 'user change', name, role }, (view) => [
        `${view.name} is ${view.role} now, and must sign in again`,
      ]),
    );
  askingCommand(user, 'password <name>', 'give a user another password; his sessions and tokens end', [
    'gluewall user password ann',
    'gluewall user password ann < password.txt',
  ]).action(async (name: string, options: AskOptions) => {
    const { readNewPassword } = await import('../accounts/read-password.ts');
    const password = await readNewPassword(name);
    await ask<UserView>(options, { operation: 'user change', name, password }, (view) => [
      `${view.name} has a new password, and must sign in again`,
    ]);
  });
  askingCommand(user, 'remove <name>', 'take a user away, with his sessions, tokens and saved views', [
    'gluewall user remove ann',
  ]).action((name: string, options: AskOptions) =>
    ask<UserView>(options, { operation: 'user remove', name }, (view) => [`${view.name} is no user any more`]),
  );
}

/** The choice that users and tokens have. */
export function roleOption(): Option {
  return new Option('--role <role>', 'viewer sees, analyst works on what was blocked, admin may everything')
    .choices(ROLES)
    .makeOptionMandatory();
}
