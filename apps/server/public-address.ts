/** Whether clients reach this server by HTTPS, as configured or as `request` came. */
export function isHttps(publicUrl: string | null, request: Pick<Request, "url">): boolean {
  return (publicUrl ?? request.url).startsWith("https:");
}
