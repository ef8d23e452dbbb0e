// Types of the whole schema and of the example client's operations, as a front-end project would generate them.
import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  schema: '../../api/schema.graphql',
  documents: 'examples/typescript/*.graphql',
  config: {
    // A scalar that is not mapped here is an error, and not `any`.
    strictScalars: true,
    scalars: { CurrencyCode: 'string', Date: 'string', DateTime: 'string', Decimal: 'string' },
    immutableTypes: true,
    enumsAsTypes: true,
    useTypeImports: true,
    skipTypename: true,
  },
  generates: {
    'examples/typescript/generated/schema.ts': { plugins: ['typescript'] },
    'examples/typescript/generated/operations.ts': { plugins: ['typescript-operations', 'typed-document-node'] },
  },
};

export default config;
