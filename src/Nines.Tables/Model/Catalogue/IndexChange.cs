using Nines.Kernel;

namespace Nines.Tables.Model.Catalogue;

/// <summary>UpdateTable: one change of one global index. Exactly one of the three is asked for.</summary>
/// <param name="Name">The index's name.</param>
public sealed record IndexChange(string Name)
{
    private const byte Create = 1;
    private const byte Update = 2;
    private const byte Delete = 3;
    private const byte HasUnits = 1;

    /// <summary>The index to add; its id is the catalogue's to give.</summary>
    public IndexShape? Added { get; init; }

    /// <summary>The index is to go.</summary>
    public bool IsRemoval { get; init; }

    /// <summary>The capacity of an index that is added, or that one has from now on.</summary>
    public CapacityUnits? Units { get; init; }

    /// <summary>The capacity of an index is changed.</summary>
    public bool IsUpdate => Added is null && !IsRemoval;

    /// <summary>Appends the change; docs/formats/tables.md draws it.</summary>
    public void Encode(ByteBuffer to)
    {
        ArgumentNullException.ThrowIfNull(to);
        to.Byte(Added is not null ? Create : IsRemoval ? Delete : Update);
        to.Text(Name);
        Added?.Encode(to);
        to.Byte(Units is null ? (byte)0 : HasUnits);
        if (Units is { } units)
        {
            to.Count(units.Read);
            to.Count(units.Write);
        }
    }

    /// <summary>Reads a change that other fields follow; the reader fails when the bytes are none.</summary>
    public static IndexChange Decode(ref ByteReader reader)
    {
        byte kind = reader.Byte();
        string name = reader.Text();
        IndexShape? added = kind == Create ? IndexShape.Decode(ref reader) : null;
        byte flags = reader.Byte();
        if (kind is < Create or > Delete || flags > HasUnits || (added is not null && (added.Name != name || !added.IsGlobal)))
        {
            reader.Fail();
        }

        return new IndexChange(name)
        {
            Added = added,
            IsRemoval = kind == Delete,
            Units = flags == HasUnits ? new CapacityUnits(reader.Count(), reader.Count()) : null,
        };
    }
}
