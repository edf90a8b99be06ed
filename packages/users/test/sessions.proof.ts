import { tokensStayWithTheirOwner } from "./tokenOwners.js"

tokensStayWithTheirOwner(200)
