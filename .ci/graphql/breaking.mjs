// Whether the API breaks a front end that was made for the schema that was published last. What breaks has to stand in
// the changelog, word for word as it is printed here.
import { readFileSync } from "node:fs";
import { buildSchema, findBreakingChanges, findDangerousChanges } from "graphql";

const [published, current, changelog] = process.argv.slice(2).map((path) => readFileSync(path, "utf8"));
const schemas = [buildSchema(published), buildSchema(current)];
const breaking = findBreakingChanges(...schemas).map((change) => change.description);
const unsaid = breaking.filter((description) => !changelog.includes(description));

for (const { description } of findDangerousChanges(...schemas)) console.log(`note: ${description}`);
for (const description of breaking) console.log(`breaking: ${description}`);
if (unsaid.length > 0) {
    console.error("\nThese break front ends, and the changelog does not say so. Undo them, or add to CHANGELOG.md:");
    for (const description of unsaid) console.error(`- ${description}`);
    process.exit(1);
}
console.log(`${breaking.length} breaking changes since the published schema, all of them in the changelog`);
