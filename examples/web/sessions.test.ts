import { Effect } from "effect"
import * as Harness from "./harness.js"
import { testSessions } from "./sessionTests.js"

testSessions("kept in SQLite", Effect.map(Harness.makeFolder, Harness.sqliteIn))
