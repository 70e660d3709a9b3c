/**
 * Lint: the recommended rules of ESLint and typescript-eslint (with types), and those house rules that a linter can
 * see. CONTRIBUTING.md lists all house rules with the check behind each.
 */
import path from 'node:path'
import { defineConfig } from 'eslint/config'
import tseslint from 'typescript-eslint'

const root = path.resolve(import.meta.dirname, '..')

const NO_SEMICOLON_AFTER = [
  'ExpressionStatement', 'VariableDeclaration', 'ReturnStatement', 'ThrowStatement', 'ImportDeclaration',
  'ExportNamedDeclaration', 'BreakStatement', 'ContinueStatement',
]

/** No semicolons, by the two places where leaving them out needs them, so that no formatter is needed. */
const noSemicolons = {
  meta: { type: 'layout', schema: [], messages: { semicolon: 'No semicolons.' } },
  create(context) {
    return {
      [NO_SEMICOLON_AFTER.join(', ')](node) {
        if (/^For/.test(node.parent.type)) return
        const last = context.sourceCode.getLastToken(node)
        const next = context.sourceCode.getTokenAfter(last)
        const endsLine = next === null || next.loc.start.line > last.loc.end.line
        if (last.value === ';' && endsLine) context.report({ node: last, messageId: 'semicolon' })
      },
    }
  },
}

export default defineConfig(
  { ignores: ['dist/', 'node_modules/', '.tap/', '.earshot/', 'fixtures/graphs/'] },
  tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { project: path.join(root, '.ci/tsconfig.json'), tsconfigRootDir: root } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    plugins: { house: { rules: { 'no-semicolons': noSemicolons } } },
    rules: {
      // Also comments. A URL and a regular expression cannot be wrapped.
      'max-len': ['error', { code: 120, ignoreUrls: true, ignoreRegExpLiterals: true }],
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'house/no-semicolons': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      // Handlers of Fastify and members of an interface are async by contract, also where one has nothing to wait for.
      '@typescript-eslint/require-await': 'off',
      // In a loop over a typed array, `array[i]!` says what the bounds of the loop make sure of, at no cost.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unnecessary-type-assertion': 'error',
      // `interface A extends B {}` gives a type a name of its own.
      '@typescript-eslint/no-empty-object-type': ['error', { allowInterfaces: 'with-single-extends' }],
      // Members of our interfaces are closures, which need no `this`.
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { varsIgnorePattern: '^_', argsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['src/**/*.ts', 'src/**/*.mjs', 'src/**/*.js'],
    rules: {
      'max-lines': ['error', { max: 250 }],
      'max-lines-per-function': ['error', { max: 55, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      'no-restricted-syntax': ['error', { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' }],
    },
  },
  {
    // Commands talk to a person at a terminal.
    files: [
      'src/commands/command.ts', 'src/commands/keys/command.ts',
      'src/commands/baseline/**', 'src/commands/calibrate/calibrate.ts',
      'src/commands/setup/**', 'src/commands/inspect/inspect.ts', 'src/commands/verify-data/verify-data.ts',
      'src/commands/labels/labels.ts', 'src/commands/compare-models/compare-models.ts',
      'src/commands/collected/collected.ts',
      'src/commands/analyze-errors/analyze-errors.ts',
      'src/commands/model-card/model-card.ts',
    ],
    rules: { 'no-console': 'off' },
  },
  {
    // The types of @huggingface/tokenizers import each other without endings, which `nodenext` does not resolve: all
    // is `any`.
    files: ['src/engine/tokenizer.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    // Declares what another package exports.
    files: ['src/commands/setup/npmcli-config.d.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    // Tests give wrong values on purpose and read replies without a type; tap waits for its tests itself.
    files: ['test/**'],
    rules: {
      // Requests, answers and scripts of pages that a test spells out.
      'max-len': ['error', {
        code: 120, ignoreUrls: true, ignoreRegExpLiterals: true, ignoreStrings: true, ignoreTemplateLiterals: true,
      }],
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-floating-promises': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-misused-promises': 'off',
    },
  },
  { files: ['**/*.js', '**/*.mjs'], extends: [tseslint.configs.disableTypeChecked] },
)
