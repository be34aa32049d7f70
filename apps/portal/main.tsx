import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Portal } from "./portal.tsx";
import { openTexts } from "./texts.ts";
import "./portal.css";

await openTexts();
createRoot(document.querySelector("#portal")!).render(
  <StrictMode>
    <Portal />
  </StrictMode>,
);
