using System.Security.Cryptography;
using System.Text;
using Nines.Http;
using Nines.Kernel;
using Nines.Tables.Engines;
using Nines.Tables.Model.Values;
using Nines.Tables.Protocol.Signatures;

namespace Nines.Tables;

/// <summary>Lets requests through that are signed with one of the access keys; all of them when there is no key.</summary>
internal sealed class SignatureCheck(IReadOnlyList<AccessKey> keys, TimeProvider time)
{
    private readonly KnownKey[] _keys = [.. keys.Select(static key => new KnownKey(key))];

    /// <summary>True: only signed requests are let through.</summary>
    public bool IsOn => _keys.Length > 0;

    /// <summary>Null: let through. Looks at the body as it was sent, and last: a request that is wrong for another reason costs no hashing.</summary>
    public TableError? Check(HttpExchange exchange)
    {
        if (!IsOn)
        {
            return null;
        }

        var request = new SignedRequest
        {
            Method = exchange.Method, Target = exchange.Target, Body = exchange.Body.Span, Fields = exchange.TryGetHeader,
        };
        if (SignatureRules.Read(request, time.GetUtcNow().ToUnixTimeSeconds(), out SignatureClaim claim) is { } error)
        {
            return error;
        }

        return Find(claim.KeyId) is { } key
            ? Verify(request, claim, key)
            : SignatureErrors.UnknownKey();
    }

    private static TableError? Verify(in SignedRequest request, in SignatureClaim claim, KnownKey key)
    {
        ByteBuffer buffer = BufferPool.Shared.Rent();
        CanonicalRequest.Write(buffer, request, claim.SignedHeaders);
        Span<byte> expected = stackalloc byte[RequestSignature.Length];
        RequestSignature.Sign(buffer, claim.SignedAt, claim.Scope, key.SigningKey(claim), expected);
        BufferPool.Shared.Return(buffer);
        return CryptographicOperations.FixedTimeEquals(expected, claim.Signature) ? null : SignatureErrors.Mismatch();
    }

    private KnownKey? Find(ReadOnlySpan<byte> id)
    {
        foreach (KnownKey key in _keys)
        {
            if (id.SequenceEqual(key.Id))
            {
                return key;
            }
        }

        return null;
    }

    /// <summary>An access key with the signing key it was last used with, which is the same for a day.</summary>
    private sealed class KnownKey(AccessKey key)
    {
        private readonly byte[] _id = Encoding.ASCII.GetBytes(key.Id);
        private volatile Derived? _last;

        public ReadOnlySpan<byte> Id => _id;

        public byte[] SigningKey(in SignatureClaim claim)
        {
            Derived? last = _last;
            if (last is null || !claim.Scope.SequenceEqual(last.Scope))
            {
                var derived = new byte[RequestSignature.KeyLength];
                RequestSignature.DeriveKey(key.Secret, claim.Scope[..AmazonTime.DayLength], claim.Region, "dynamodb"u8, derived);
                last = new Derived(claim.Scope.ToArray(), derived);
                _last = last;
            }

            return last.Key;
        }
    }

    private sealed record Derived(byte[] Scope, byte[] Key);
}
