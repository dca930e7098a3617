// SPDX-License-Identifier: Apache-2.0
// validate.mjs TOOLS FILE...: checks workflows and actions with GitHub's own language service and with a JSON schema of both, which
// are npm packages below TOOLS (ci/setup workflows). Prints a line for each mistake; exits with 1 if there is one.
import {readFileSync} from "node:fs";
import {createRequire, register} from "node:module";
import {basename, join, resolve} from "node:path";
import {pathToFileURL} from "node:url";

// The language service imports JSON as a bundler does, without the attribute that Node asks for.
register("data:text/javascript," + encodeURIComponent(`
import {readFile} from "node:fs/promises";
import {fileURLToPath} from "node:url";
export async function load(url, context, next) {
  if (!url.endsWith(".json")) return next(url, context);
  return {format: "module", shortCircuit: true, source: "export default " + await readFile(fileURLToPath(url), "utf8")};
}`));

const [tools, ...files] = process.argv.slice(2);
const find = createRequire(join(resolve(tools), "package.json"));
const load = (path) => import(pathToFileURL(join(resolve(tools), "node_modules", path)).href);
const {validate} = await load("@actions/languageservice/dist/index.js");
const {TextDocument} = await load("vscode-languageserver-textdocument/lib/esm/main.js");
const schema = find("@action-validator/core");

let mistakes = 0;
const report = (file, line, message) => {
  ++mistakes;
  console.log(`${file}:${line}: ${message}`);
};
for (const file of files) {
  const text = readFileSync(file, "utf8");
  for (const found of await validate(TextDocument.create(pathToFileURL(resolve(file)).href, "yaml", 0, text)))
    report(file, found.range.start.line + 1, found.message);
  const judged = /^action\.ya?ml$/.test(basename(file)) ? schema.validateAction(text) : schema.validateWorkflow(text);
  for (const error of judged.errors)
    report(file, 1, `${error.path ?? ""} ${error.title}: ${error.detail ?? ""}`);
}
process.exit(mistakes === 0 ? 0 : 1);
