using System.Text;
using Microsoft.AspNetCore.Http;
using Nines.Http.Protocol;

namespace Nines.Http.Kestrel;

/// <summary>One exchange over ASP.NET Core's objects.</summary>
internal sealed class KestrelExchange(HttpContext context, byte[] body) : HttpExchange
{
    private readonly byte[] _method = Encoding.ASCII.GetBytes(context.Request.Method);
    private readonly byte[] _target = Encoding.ASCII.GetBytes(context.Request.Path + context.Request.QueryString.Value);
    private byte[] _answer = [];

    public override ReadOnlySpan<byte> Method => _method;

    public override ReadOnlySpan<byte> Target => _target;

    public override ReadOnlyMemory<byte> Body => body;

    /// <summary>Reads the body, runs the handler, sends its answer.</summary>
    public static async Task HandleAsync(HttpContext context, HttpHandler handler)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var exchange = new KestrelExchange(context, body.ToArray());
        await handler(exchange);
        if (!StatusLine.HasContent(context.Response.StatusCode))
        {
            return;
        }

        context.Response.ContentLength = exchange._answer.Length;
        await context.Response.BodyWriter.WriteAsync(exchange._answer, context.RequestAborted);
    }

    public override bool TryGetHeader(ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        bool found = context.Request.Headers.TryGetValue(Encoding.ASCII.GetString(name), out var values);
        value = found ? Encoding.Latin1.GetBytes(values.ToString()) : default;
        return found;
    }

    public override void AddHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) =>
        context.Response.Headers.Append(Encoding.ASCII.GetString(name), Encoding.Latin1.GetString(value));

    public override void Answer(int status, ReadOnlySpan<byte> answer)
    {
        context.Response.StatusCode = status;
        _answer = answer.ToArray();
    }
}
